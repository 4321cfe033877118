//! Hashing and verifying passwords: Argon2id, off the async threads, a few at a time.

use crate::error::{Error, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use heddle_api::{ApiError, ErrorCode};
use heddle_model::limits;
use std::sync::Arc;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// Hashes and verifies passwords.
#[derive(Clone)]
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    /// Hashes at work: each takes 64 MiB and a core.
    slots: Arc<Semaphore>,
    /// Hashes at work or waiting: more are refused instead of queued.
    queue: Arc<Semaphore>,
    /// What an unknown user's password is verified against, so that they take as long as known ones.
    nobody: Arc<str>,
}

impl Passwords {
    /// Prepares the parameters of docs/operations/security.
    pub(crate) fn new() -> Result<Self> {
        let params = Params::new(limits::ARGON2_KIB, limits::ARGON2_PASSES, 1, None).map_err(|error| broken(&error))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        // A hash of nothing that anybody knows. Not computed: only its parameters matter.
        let nobody = format!(
            "$argon2id$v=19$m={},t={},p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b1dWRWJTmaaJObG9pIYX1VWz2Q",
            limits::ARGON2_KIB,
            limits::ARGON2_PASSES
        );
        Ok(Self {
            argon2,
            slots: Arc::new(Semaphore::new(limits::ARGON2_AT_ONCE)),
            queue: Arc::new(Semaphore::new(limits::ARGON2_QUEUE)),
            nobody: nobody.into(),
        })
    }

    /// The hash of a new password, as a PHC string.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        let (argon2, password) = (self.argon2.clone(), normal(password));
        self.run(move || {
            argon2
                .hash_password(password.as_bytes())
                .map(|hash: PasswordHash| hash.to_string())
                .map_err(|error| Error::from(broken(&error)))
        })
        .await?
    }

    /// Whether it is the password of this hash. Takes as long where there is no hash.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let known = hash.is_some();
        let (argon2, password) = (self.argon2.clone(), normal(password));
        let hash: Arc<str> = hash.map_or_else(|| self.nobody.clone(), Arc::from);
        let right = self
            .run(move || match PasswordHash::new(&hash) {
                Ok(hash) => argon2.verify_password(password.as_bytes(), &hash).is_ok(),
                Err(error) => {
                    tracing::error!(%error, "a stored password hash cannot be read");
                    false
                }
            })
            .await?;
        Ok(right && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place =
            self.queue.clone().try_acquire_owned().map_err(|_| ApiError::new(ErrorCode::Overloaded).retry_after(2))?;
        let slot = self.slots.clone().acquire_owned().await.map_err(|error| broken(&error))?;
        // The permits go with the work, not with the caller: one who hangs up must not free a slot that is still busy.
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, slot);
            work()
        });
        Ok(done.await.map_err(|error| broken(&error))?)
    }
}

fn normal(password: &str) -> String {
    password.nfc().collect()
}

fn broken(error: &dyn std::fmt::Display) -> ApiError {
    tracing::error!(%error, "password hashing failed");
    ErrorCode::Internal.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_verifies_its_own_password_only() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("海边的风筝 cafe\u{301}").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{hash}");
        assert!(
            passwords.verify("海边的风筝 café", Some(&hash)).await.unwrap(),
            "composed and decomposed are the same"
        );
        assert!(!passwords.verify("海边的风筝 cafe", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("", None).await.unwrap());
        assert!(PasswordHash::new(&passwords.nobody).is_ok(), "nobody's hash is well-formed");
    }

    #[tokio::test]
    async fn more_than_the_queue_holds_are_refused() {
        let passwords = Passwords::new().unwrap();
        let waiting: Vec<_> =
            (0..limits::ARGON2_QUEUE).map(|_| passwords.queue.clone().try_acquire_owned().unwrap()).collect();
        assert_eq!(passwords.verify("x", None).await.unwrap_err().0.code, ErrorCode::Overloaded);
        drop(waiting);
        assert!(passwords.verify("x", None).await.is_ok());
    }
}
