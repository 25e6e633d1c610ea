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

fn make(file: &Path) -> Result<[u8; KEY_BYTES], KeyError> {
    let mut key = [0; KEY_BYTES];
    SystemRandom::new().fill(&mut key).map_err(|_| KeyError::Random)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
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
    fn a_damaged_key_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("signing.key");
        fs::write(&file, "short").unwrap();
        assert!(matches!(signing_key(&file), Err(KeyError::Length)));
    }
}
