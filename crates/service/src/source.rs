//! Where this crate's randomness, ids and time of day come from: nowhere else.

use heddle_model::ids::uuid_v7;
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix milliseconds by this machine's clock. Leases and timers use the database's instead (`Engine::now_ms`).
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
}

/// Random bytes from the operating system.
///
/// # Panics
/// When the operating system has none: nothing that needs a secret may go on then.
#[allow(clippy::expect_used)]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// The number of a new id.
pub(crate) fn new_id() -> u128 {
    uuid_v7(u64::try_from(now_ms()).unwrap_or_default(), u128::from_be_bytes(random()))
}

/// A secret for people and programs to carry: 256 random bits in URL-safe text.
pub(crate) fn new_secret() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random::<32>())
}

/// What is stored of such a secret. A plain hash is enough: 256 random bits cannot be guessed.
pub(crate) fn hash_secret(secret: &str) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(secret.as_bytes()).into()
}
