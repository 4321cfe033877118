//! Encrypting small secrets at rest under the server's secret key: AES-256-GCM, a fresh nonce each, the purpose as associated data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;

/// The server's secret key, 32 bytes.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

/// Something sealed cannot be opened: another key, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "what is stored was sealed with another HEDDLE_SECRET_KEY, or is damaged; start with the key that this database was made with"
)]
pub(super) struct SealError;

impl SecretKey {
    /// The key of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Draws a new key and writes it as 64 hex digits.
    pub fn generate() -> String {
        hex::encode(crate::source::random::<32>())
    }

    /// Nonce and ciphertext of a text, bound to a purpose.
    pub(super) fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = crate::source::random();
        let mut sealed = plain.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut sealed)
            .map_err(|_| SealError)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The text that was sealed for this purpose.
    pub(super) fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut plain = rest.to_vec();
        let opened =
            self.cipher()?.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut plain).map_err(|_| SealError)?;
        Ok(opened.to_vec())
    }

    fn cipher(&self) -> Result<LessSafeKey, SealError> {
        UnboundKey::new(&AES_256_GCM, &self.0).map(LessSafeKey::new).map_err(|_| SealError)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_purpose_open_it() {
        let (key, other) = (SecretKey::new([7; 32]), SecretKey::new([8; 32]));
        let sealed = key.seal("jwt", b"text").unwrap();
        assert_ne!(sealed, key.seal("jwt", b"text").unwrap(), "a fresh nonce each time");
        assert_eq!(key.open("jwt", &sealed).unwrap(), b"text");
        assert_eq!(key.open("secret", &sealed), Err(SealError));
        assert_eq!(other.open("jwt", &sealed), Err(SealError));
        assert_eq!(key.open("jwt", &sealed[..sealed.len() - 1]), Err(SealError));
        assert_eq!(key.open("jwt", b""), Err(SealError));
    }

    #[test]
    fn hex_is_read_and_never_printed() {
        let text = SecretKey::generate();
        assert_eq!(text.len(), 64);
        assert!(SecretKey::from_hex(&text).is_some());
        assert!(SecretKey::from_hex(&text[1..]).is_none());
        assert!(!format!("{:?}", SecretKey::from_hex(&text)).contains(&text[..8]));
    }
}
