//! The two signatures of Standard Webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

/// The seed of this server's signing key: not a secret, and the same at every start, as Google's
/// key is.
const SEED: [u8; 32] = *b"a key for development, no secret";
/// The key's name.
const KEY_ID: &str = "fake-upstream-1";

/// The key pair for pushes whose address a request named.
pub(super) struct Signer(Ed25519KeyPair);

impl Signer {
    pub(super) fn new() -> Result<Self, String> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&SEED);
        pair.map(Self)
            .map_err(|_| "the key of pushes is not an Ed25519 key".to_owned())
    }

    /// `v1a,` and an Ed25519 signature of `{id}.{timestamp}.{body}`.
    pub(super) fn sign(&self, id: &str, timestamp: u64, body: &str) -> String {
        let signature = self.0.sign(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1a,{}", STANDARD.encode(signature))
    }

    /// The public key as a JSON Web Key Set.
    pub(super) fn keys(&self) -> Value {
        let public = URL_SAFE_NO_PAD.encode(self.0.public_key());
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": KEY_ID, "x": public }] })
    }
}

/// The address for pushes of requests that name none, and its secret.
#[derive(Clone)]
pub(super) struct StaticSecret {
    pub(super) uri: String,
    webhook: std::sync::Arc<Webhook>,
}

impl StaticSecret {
    pub(super) fn new(uri: &str, secret: &str) -> Result<Self, String> {
        let webhook =
            Webhook::new(secret).map_err(|_| "the secret must be whsec_ and base64".to_owned())?;
        Ok(Self {
            uri: uri.to_owned(),
            webhook: webhook.into(),
        })
    }

    /// `v1,` and an HMAC of `{id}.{timestamp}.{body}`; empty for a time that cannot be signed.
    pub(super) fn sign(&self, id: &str, timestamp: u64, body: &str) -> String {
        let timestamp = i64::try_from(timestamp).unwrap_or_default();
        self.webhook
            .sign(id, timestamp, body.as_bytes())
            .unwrap_or_default()
    }
}
