//! The keys that sign bearer tokens: Ed25519, stored in the database under the secret key, so that tokens outlive a restart.

use super::seal::SecretKey;
use crate::source;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use heddle_store::Store;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

const SETTING: &str = "auth.signing_key";
const PURPOSE: &str = "auth.signing_key.v1";

/// The key that tokens are signed and verified with.
pub(crate) struct SigningKeys {
    /// Its name in the tokens' header.
    pub(super) id: String,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    algorithm: String,
    sealed: String,
    created_at: i64,
}

impl SigningKeys {
    /// Reads the key, or makes it where there is none. Of several servers that start at once, one's key stands.
    pub(crate) async fn load(store: &Store, secret: &SecretKey) -> anyhow::Result<Self> {
        let stored = match store.setting(SETTING).await? {
            Some(stored) => stored,
            None => store.setting_put_if_absent(SETTING, &Self::generate(secret)?).await?,
        };
        let stored: Stored = serde_json::from_str(&stored)?;
        let pkcs8 = secret.open(PURPOSE, &hex::decode(&stored.sealed)?)?;
        Self::from_pkcs8(stored.id, &pkcs8)
    }

    fn from_pkcs8(id: String, pkcs8: &[u8]) -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8)
            .map_err(|error| anyhow::anyhow!("the stored signing key is damaged: {error}"))?;
        Ok(Self {
            id,
            encoding: EncodingKey::from_ed_der(pkcs8),
            decoding: DecodingKey::from_ed_der(pair.public_key().as_ref()),
        })
    }

    fn generate(secret: &SecretKey) -> anyhow::Result<String> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|error| anyhow::anyhow!("cannot make a signing key: {error}"))?;
        let stored = Stored {
            id: hex::encode(source::random::<8>()),
            algorithm: "EdDSA".to_owned(),
            sealed: hex::encode(secret.seal(PURPOSE, pkcs8.as_ref())?),
            created_at: source::now_ms(),
        };
        Ok(serde_json::to_string(&stored)?)
    }

    /// A key of its own, stored nowhere.
    #[cfg(test)]
    pub(super) fn for_tests() -> anyhow::Result<Self> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|error| anyhow::anyhow!("{error}"))?;
        Self::from_pkcs8("test".into(), pkcs8.as_ref())
    }
}
