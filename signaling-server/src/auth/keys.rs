//! The key that signs access tokens: made at the first start, readable by the server's own account only.
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};
use thiserror::Error;

/// HS256 wants a key at least as long as its hash (RFC 7518 section 3.2).
const KEY_BYTES: usize = 32;

/// Why there is no signing key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file could not be read or written.
    #[error("signing key: {0}")]
    Io(#[from] io::Error),
    /// The file is not a key.
    #[error("the signing key file does not hold {KEY_BYTES} bytes; remove it and everybody signs in anew")]
    Length,
    /// The system has no randomness to give.
    #[error("no randomness for a signing key")]
    Random,
}

/// Reads the key, or makes it where the file is missing.
///
/// # Errors
/// [`KeyError`].
pub fn signing_key(file: &Path) -> Result<[u8; KEY_BYTES], KeyError> {
    match fs::read(file) {
        Ok(bytes) => bytes.try_into().map_err(|_| KeyError::Length),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(file),
        Err(error) => Err(error.into()),
    }
}

/// Makes the key under another name, and gives it its own only once it is on the disk: a server that dies meanwhile
/// leaves no half a key, which would keep it from ever starting again.
fn make(file: &Path) -> Result<[u8; KEY_BYTES], KeyError> {
    let random = SystemRandom::new();
    let (mut key, mut mark) = ([0; KEY_BYTES], [0; 8]);
    random.fill(&mut key).map_err(|_| KeyError::Random)?;
    random.fill(&mut mark).map_err(|_| KeyError::Random)?;
    let draft = file.with_extension(format!("key-{:016x}", u64::from_ne_bytes(mark)));
    let published = write(&draft, &key).and_then(|()| publish(&draft, file));
    // What is left over is a key that signed nothing; that it could not be removed is no reason not to start.
    let _ = fs::remove_file(&draft);
    if published? {
        return Ok(key);
    }
    // Another server was faster.
    fs::read(file)?.try_into().map_err(|_| KeyError::Length)
}

fn write(draft: &Path, key: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut draft = options.open(draft)?;
    draft.write_all(key)?;
    draft.sync_all()
}

/// Gives the draft the name `file`; `false` where there is such a file already, which is left alone.
fn publish(draft: &Path, file: &Path) -> io::Result<bool> {
    match fs::hard_link(draft, file) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        // A file system without hard links (FAT): all that is left to ask is whether the name is taken.
        Err(_) if file.try_exists()? => return Ok(false),
        Err(_) => fs::rename(draft, file)?,
    }
    // The name is on the disk only once its directory is (fsync(2)).
    #[cfg(unix)]
    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        fs::File::open(dir)?.sync_all()?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("signing.key");
        let key = signing_key(&file).unwrap();
        assert_eq!(signing_key(&file).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn servers_that_start_at_once_share_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("signing.key");
        let start = std::sync::Barrier::new(8);
        let keys: Vec<_> = std::thread::scope(|scope| {
            let starts = || {
                start.wait();
                signing_key(&file).unwrap()
            };
            let servers: Vec<_> = (0..8).map(|_| scope.spawn(starts)).collect();
            servers.into_iter().map(|server| server.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_key_that_is_there_already_stays() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("signing.key");
        fs::write(&file, [7; KEY_BYTES]).unwrap();
        assert_eq!(make(&file).unwrap(), [7; KEY_BYTES]);
    }

    #[test]
    fn a_server_that_died_over_its_first_key_can_start() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("signing.key");
        // As far as it had come: a draft, whose name the next start does not use.
        write(&dir.path().join("signing.key-0123456789abcdef"), &[]).unwrap();
        assert!(!file.exists());
        let key = signing_key(&file).unwrap();
        assert_eq!(signing_key(&file).unwrap(), key);
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("signing.key");
        fs::write(&file, "short").unwrap();
        assert!(matches!(signing_key(&file), Err(KeyError::Length)));
    }
}
