//! The keys that the upstream publishes, and the verification of its signatures.

use crate::clients::http::HttpCall;
use crate::clients::web_crypto::{settled, subtle};
use crate::clock;
use crate::time::{HOUR, MINUTE, Millis, SECOND};
use crate::upstream::webhook;
use js_sys::{Array, Object, Reflect, Uint8Array};
use std::cell::RefCell;
use url::Url;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, SubtleCrypto};
use worker::Method;

/// The time limit for fetching the keys.
const TIMEOUT: Millis = 5 * SECOND;
/// The longest set of keys that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// How long an instance uses the keys that it fetched.
const LIFETIME: Millis = HOUR;
/// How soon the keys are fetched again if none of them fits.
const RETRY: Millis = MINUTE;
const ALGORITHM: &str = "Ed25519";

thread_local! {
    /// The keys that this instance fetched. Losing them only costs a request.
    static FETCHED: RefCell<Option<Fetched>> = const { RefCell::new(None) };
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fetched {
    from: String,
    keys: Vec<Vec<u8>>,
    /// When the keys were received; `None` before the first time.
    at: Option<Millis>,
    tried_at: Millis,
}

/// Whether a key published at `url` made one of the Ed25519 signatures. `false` if the keys cannot
/// be fetched.
pub async fn has_signed(url: &Url, signatures: &[Vec<u8>], message: &[u8]) -> bool {
    let Ok(subtle) = subtle() else { return false };
    let known = FETCHED.with_borrow(|fetched| {
        fetched
            .clone()
            .filter(|fetched| fetched.from == url.as_str())
    });
    let mut tried = Vec::new();
    if let Some(fetched) = known
        .as_ref()
        .filter(|fetched| fetched.is_fresh(clock::now()))
    {
        if any_fits(&subtle, &fetched.keys, signatures, message).await {
            return true;
        }
        tried.clone_from(&fetched.keys);
    }
    let now = clock::now();
    if known.as_ref().is_some_and(|fetched| !fetched.may_try(now)) {
        return false;
    }
    // Set before anything is awaited, so that no other request fetches the same keys.
    let asked = Fetched {
        from: url.to_string(),
        keys: tried.clone(),
        at: known.and_then(|fetched| fetched.at),
        tried_at: now,
    };
    FETCHED.set(Some(asked));
    let Some(keys) = fetch(url).await else {
        return false;
    };
    FETCHED.set(Some(Fetched {
        from: url.to_string(),
        keys: keys.clone(),
        at: Some(now),
        tried_at: now,
    }));
    let fresh: Vec<Vec<u8>> = keys
        .into_iter()
        .filter(|key| !tried.contains(key))
        .collect();
    any_fits(&subtle, &fresh, signatures, message).await
}

impl Fetched {
    fn is_fresh(&self, now: Millis) -> bool {
        self.at.is_some_and(|at| now.saturating_sub(at) < LIFETIME)
    }

    fn may_try(&self, now: Millis) -> bool {
        now.saturating_sub(self.tried_at) >= RETRY
    }
}

async fn fetch(url: &Url) -> Option<Vec<Vec<u8>>> {
    let call = HttpCall {
        method: Method::Get,
        url: url.as_str(),
        headers: &[("accept", "application/json")],
        body: None,
        headers_within: TIMEOUT,
        all_within: TIMEOUT,
    };
    let reply = call
        .read(MAX_ANSWER)
        .await
        .ok()
        .filter(|reply| reply.status == 200)?;
    webhook::keys(&reply.body)
}

async fn any_fits(
    subtle: &SubtleCrypto,
    keys: &[Vec<u8>],
    signatures: &[Vec<u8>],
    message: &[u8],
) -> bool {
    for key in keys {
        for signature in signatures {
            if fits(subtle, key, signature, message).await.unwrap_or(false) {
                return true;
            }
        }
    }
    false
}

async fn fits(
    subtle: &SubtleCrypto,
    key: &[u8],
    signature: &[u8],
    message: &[u8],
) -> Result<bool, JsValue> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &ALGORITHM.into())?;
    let (key, usages) = (Uint8Array::from(key), Array::of1(&"verify".into()));
    let imported = subtle.import_key_with_object("raw", &key, &algorithm, false, &usages)?;
    let key: CryptoKey = settled(imported).await?.unchecked_into();
    let (signature, message) = (Uint8Array::from(signature), Uint8Array::from(message));
    let verified = subtle
        .verify_with_str_and_js_u8_array_and_js_u8_array(ALGORITHM, &key, &signature, &message)?;
    Ok(settled(verified).await?.is_truthy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_believed_for_an_hour_and_asked_for_once_a_minute() {
        let fetched = |at| Fetched {
            from: String::new(),
            keys: Vec::new(),
            at,
            tried_at: 1_000,
        };
        assert!(fetched(Some(1_000)).is_fresh(1_000 + HOUR - 1));
        assert!(!fetched(Some(1_000)).is_fresh(1_000 + HOUR));
        assert!(!fetched(None).is_fresh(1_000));
        assert!(!fetched(None).may_try(1_000 + MINUTE - 1));
        assert!(fetched(None).may_try(1_000 + MINUTE));
    }
}
