//! Tokens built by hand, valid and invalid.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token with this header and these claims, signed with HMAC-SHA256.
pub(crate) fn with_header(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", encoded(header), encoded(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    mac.update(signed.as_bytes());
    format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}

/// An HS256 token.
pub(crate) fn hs256(claims: &Value, secret: &[u8]) -> String {
    with_header(&json!({ "alg": "HS256", "typ": "JWT" }), claims, secret)
}

/// A valid HS512 token.
pub(crate) fn hs512(claims: &Value, secret: &[u8]) -> String {
    let signed = format!(
        "{}.{}",
        encoded(&json!({ "alg": "HS512", "typ": "JWT" })),
        encoded(claims)
    );
    let mut mac = Hmac::<Sha512>::new_from_slice(secret).expect("any length");
    mac.update(signed.as_bytes());
    format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}

/// A token without a signature.
pub(crate) fn unsigned(claims: &Value) -> String {
    format!(
        "{}.{}.",
        encoded(&json!({ "alg": "none", "typ": "JWT" })),
        encoded(claims)
    )
}
