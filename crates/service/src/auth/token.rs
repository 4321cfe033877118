//! Bearer tokens: signed statements that hold for a quarter of an hour. The algorithm is fixed; every claim is required.

use super::keys::SigningKeys;
use crate::source;
use heddle_model::ids::{UserId, WorkspaceId};
use heddle_model::limits;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

const ISSUER: &str = "heddle";
const AUDIENCE: &str = "heddle-api";
const TYPE: &str = "at+jwt";
/// By how much clocks may differ, in seconds.
const LEEWAY: i64 = 10;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// Who.
    pub(crate) sub: UserId,
    /// In which workspace.
    pub(crate) workspace: WorkspaceId,
    /// The account's epoch when it was issued: a higher one ends it.
    pub(crate) epoch: i64,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

impl Claims {
    /// Whether it holds at this time, in Unix seconds.
    pub(crate) const fn holds_at(&self, now: i64) -> bool {
        self.nbf <= now + LEEWAY && now < self.exp + LEEWAY
    }
}

impl SigningKeys {
    /// A new token.
    pub(crate) fn issue(
        &self,
        user: UserId,
        workspace: WorkspaceId,
        epoch: i64,
    ) -> jsonwebtoken::errors::Result<String> {
        let now = source::now_ms() / 1000;
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: user,
            workspace,
            epoch,
            iat: now,
            nbf: now,
            exp: now + i64::try_from(limits::TOKEN_SECONDS).unwrap_or(0),
            jti: hex::encode(source::random::<8>()),
        };
        jsonwebtoken::encode(&self.header(), &claims, &self.encoding)
    }

    /// What a token says, if it is ours and holds.
    pub(crate) fn verify(&self, token: &str) -> Option<Claims> {
        // A token of ours has some 500 bytes.
        if token.len() > 2048 {
            return None;
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY.unsigned_abs();
        let data = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation).ok()?;
        let header = data.header;
        (header.typ.as_deref() == Some(TYPE) && header.kid.as_deref() == Some(self.id.as_str())).then_some(data.claims)
    }

    fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.into());
        header.kid = Some(self.id.clone());
        header
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use serde_json::{Value, json};

    fn ids() -> (UserId, WorkspaceId) {
        (UserId::from_u128(7), WorkspaceId::from_u128(9))
    }

    #[test]
    fn a_token_says_who_and_where() {
        let keys = SigningKeys::for_tests().unwrap();
        let token = keys.issue(ids().0, ids().1, 3).unwrap();
        let claims = keys.verify(&token).unwrap();
        assert_eq!((claims.sub, claims.workspace, claims.epoch), (ids().0, ids().1, 3));
        assert_eq!(SigningKeys::for_tests().unwrap().verify(&token), None, "another key");
        let tampered = token.replacen(&token[token.len() / 2..=token.len() / 2], "_", 1);
        assert!(tampered == token || keys.verify(&tampered).is_none());
    }

    #[test]
    fn a_token_that_was_verified_before_still_ends() {
        let keys = SigningKeys::for_tests().unwrap();
        let claims = keys.verify(&keys.issue(ids().0, ids().1, 0).unwrap()).unwrap();
        let now = source::now_ms() / 1000;
        assert!(
            claims.holds_at(now)
                && claims.holds_at(now + 899)
                && !claims.holds_at(now + 911)
                && !claims.holds_at(now - 60)
        );
    }

    #[test]
    fn altered_headers_and_claims_are_refused() {
        let keys = SigningKeys::for_tests().unwrap();
        let token = keys.issue(ids().0, ids().1, 0).unwrap();
        let good: Value = serde_json::from_slice(&BASE64.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
        let now = source::now_ms() / 1000;
        let changes: [(&str, Value); 8] = [
            ("exp", json!(now - 60)),
            ("exp", json!("9999999999")),
            ("exp", Value::Null),
            ("nbf", json!(now + 600)),
            ("aud", json!("other")),
            ("iss", json!("other")),
            ("sub", json!("usr_x")),
            ("nbf", Value::Null),
        ];
        for (claim, value) in changes {
            let mut claims = good.clone();
            claims[claim] = value.clone();
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(claim);
            }
            let token = jsonwebtoken::encode(&keys.header(), &claims, &keys.encoding).unwrap();
            assert_eq!(keys.verify(&token), None, "{claim} = {value}");
        }
        for header in [json!({"alg": "none", "typ": TYPE}), json!({"alg": "HS256", "typ": TYPE, "kid": keys.id})] {
            let head = BASE64.encode(header.to_string());
            let forged = format!("{head}.{}.{}", token.split('.').nth(1).unwrap(), token.split('.').nth(2).unwrap());
            assert_eq!(keys.verify(&forged), None, "{header}");
        }
        let mut header = keys.header();
        header.typ = Some("JWT".into());
        assert_eq!(
            keys.verify(&jsonwebtoken::encode(&header, &good, &keys.encoding).unwrap()),
            None,
            "another kind of token"
        );
    }
}
