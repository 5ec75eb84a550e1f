//! URLs that give access to one video for a limited time, without a token.
//!
//! The signature is HMAC-SHA256 over the version, the user, the id and the expiry, one per line;
//! the user and the id cannot contain a line break. The key is derived from the token secret and
//! used for nothing else.

use crate::ids::JobKey;
use crate::ids::{is_generation_id, is_user_id};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;

/// Separates the derived key from every other use of the secret.
const KEY_DOMAIN: &[u8] = b"reelay signed video url v1";

/// Signs and verifies video URLs.
#[derive(Clone)]
pub struct UrlSigner {
    keyed: Hmac<Sha256>,
}

impl UrlSigner {
    /// Derives the signing key from the token secret.
    pub fn derive(jwt_secret: &[u8]) -> Self {
        let mut derivation = keyed(jwt_secret);
        derivation.update(KEY_DOMAIN);
        Self {
            keyed: keyed(&derivation.finalize().into_bytes()),
        }
    }

    /// The URL of a generation's video, valid until `expires_at_seconds` since the Unix epoch.
    pub fn sign(&self, public_url: &str, key: &JobKey, expires_at_seconds: u64) -> String {
        let mac = self.mac(&key.user_id, &key.generation_id, expires_at_seconds);
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("user", &key.user_id)
            .append_pair("expires", &expires_at_seconds.to_string())
            .append_pair("signature", &signature)
            .finish();
        format!(
            "{public_url}/api/generations/{}/video?{query}",
            key.generation_id
        )
    }

    /// Whether the signature matches this video and is still valid at `now_seconds`; compares in
    /// constant time.
    pub fn verify(
        &self,
        user: &str,
        id: &str,
        expires: &str,
        signature: &str,
        now_seconds: u64,
    ) -> bool {
        let Ok(expires_at) = expires.parse::<u64>() else {
            return false;
        };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
            return false;
        };
        let well_formed =
            is_user_id(user) && is_generation_id(id) && expires_at.to_string() == expires;
        well_formed
            && self
                .mac(user, id, expires_at)
                .verify_slice(&signature)
                .is_ok()
            && now_seconds < expires_at
    }

    fn mac(&self, user: &str, id: &str, expires_at: u64) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(format!("v1\n{user}\n{id}\n{expires_at}").as_bytes());
        mac
    }
}

impl fmt::Debug for UrlSigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UrlSigner(secret)")
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}
