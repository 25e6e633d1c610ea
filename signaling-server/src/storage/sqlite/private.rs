//! Keeps the database from other accounts of the machine: it holds password hashes, and who called whom.
use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
};

/// What SQLite keeps beside the database in write-ahead mode. It makes them with the database's own mode.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Makes the file, if missing, for this account only, and takes from others what they may do with one that is there.
/// To be called before the database is opened. Where there are no Unix modes, the directory decides.
///
/// # Errors
/// The file cannot be made, or belongs to another account.
pub(super) fn make(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(_) => {}
        // Never opened here: closing it would drop the locks that this process may hold on it (fcntl(2)).
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => tighten(file)?,
        Err(error) => return Err(error),
    }
    for suffix in BESIDE {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        match tighten(Path::new(&name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn tighten(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs::metadata(file)?.permissions();
    if permissions.mode() & 0o077 == 0 {
        return Ok(());
    }
    permissions.set_mode(0o600);
    fs::set_permissions(file, permissions)
}

#[cfg(not(unix))]
fn tighten(file: &Path) -> io::Result<()> {
    fs::metadata(file).map(drop)
}
