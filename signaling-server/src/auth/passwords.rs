//! Password hashing: Argon2id, off the runtime's threads, a few at a time.
use crate::error::ApiError;
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Hashes under way at once. Each takes 19 MiB and a core for its time; more would only queue for the cores, and
/// starve the relay meanwhile.
const AT_ONCE: usize = 2;

/// Makes and checks password hashes.
#[derive(Debug)]
pub struct Passwords {
    slots: Semaphore,
    decoy: String,
}

impl Passwords {
    /// Ready to hash.
    ///
    /// # Errors
    /// 500, where the system has no randomness to give.
    pub fn new() -> Result<Self, ApiError> {
        Ok(Self { slots: Semaphore::new(AT_ONCE), decoy: hash("decoy")? })
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// 500.
    pub async fn hash(&self, password: String) -> Result<String, ApiError> {
        let _slot = self.slots.acquire().await.map_err(ApiError::internal)?;
        spawn_blocking(move || hash(&password)).await.map_err(ApiError::internal)?
    }

    /// Whether the password is the one behind `stored`. Takes as long where there is no such account, so that the
    /// time tells nobody which user names exist.
    ///
    /// # Errors
    /// 500.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, ApiError> {
        let _slot = self.slots.acquire().await.map_err(ApiError::internal)?;
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let matches =
            spawn_blocking(move || verify(&password, &stored)).await.map_err(ApiError::internal)??;
        Ok(matches && exists)
    }
}

/// OWASP's Argon2id minimum: 19 MiB, two passes, one lane (Password Storage Cheat Sheet).
fn argon2() -> Result<Argon2<'static>, ApiError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(ApiError::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, ApiError> {
    Ok(argon2()?.hash_password(password.as_bytes()).map_err(ApiError::internal)?.to_string())
}

fn verify(password: &str, stored: &str) -> Result<bool, ApiError> {
    let stored = PasswordHash::new(stored).map_err(ApiError::internal)?;
    Ok(argon2()?.verify_password(password.as_bytes(), &stored).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_matches_its_password_only() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords.hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify("correct horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("battery staple".into(), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn no_password_opens_an_account_that_does_not_exist() {
        let passwords = Passwords::new().unwrap();
        assert!(!passwords.verify("decoy".into(), None).await.unwrap());
    }
}
