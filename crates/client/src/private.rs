//! Files for nobody but this user.
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// Replaces `file` whole, so that a crash or a reader meets the old contents or the new. The file is readable by its
/// owner only; on Windows the folder's own protection (the user's profile) decides.
///
/// # Errors
/// The folder cannot be written to.
pub fn replace(file: &Path, contents: &[u8]) -> io::Result<()> {
    let mut draft = file.as_os_str().to_owned();
    draft.push(".new");
    // Made anew: one that is left over may be open to others.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&draft)?;
    written.write_all(contents)?;
    written.sync_all()?;
    fs::rename(draft, file)
}
