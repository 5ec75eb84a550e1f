//! Users' tokens, built here by hand as an independent test of the worker's verification.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The secret that signs users' tokens.
pub(crate) const JWT_SECRET: &str = "the-tests-own-jwt-secret-of-40-characters";

/// A token of a user that is valid for as long as any test runs.
pub(crate) fn user(id: &str) -> String {
    signed(&json!({ "sub": id, "exp": 4_102_444_800_u64 }), JWT_SECRET)
}

/// An HS256 token (RFC 7519) over any claims.
pub(crate) fn signed(claims: &Value, secret: &str) -> String {
    with_header(&json!({ "alg": "HS256", "typ": "JWT" }), claims, secret)
}

/// The same with any header.
pub(crate) fn with_header(header: &Value, claims: &Value, secret: &str) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    format!(
        "{text}.{}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}

/// A token without a signature, whose header says `none`.
pub(crate) fn unsigned(claims: &Value) -> String {
    format!(
        "{}.{}.",
        part(&json!({ "alg": "none", "typ": "JWT" })),
        part(claims)
    )
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
