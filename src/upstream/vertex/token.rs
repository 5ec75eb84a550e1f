//! Access tokens of a service account: signed by the platform, cached in the isolate.
//!
//! The cache is never authoritative: every object of the isolate may use it, and losing it costs
//! one call. Only finished tokens are cached, because the platform forbids waiting for another
//! request's call.

use crate::clients::http::HttpCall;
use crate::clients::web_crypto::{settled, subtle};
use crate::clock;
use crate::machine::outcome::{Outcome, Trouble};
use crate::time::Millis;
use crate::upstream::vertex::service_account;
use crate::upstream::vertex::service_account::{ServiceAccount, Token};
use js_sys::{Array, Object, Reflect, Uint8Array};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use worker::Method;

/// The longest answer of the token endpoint that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

thread_local! {
    /// The last token received; one account is in use at a time.
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

struct Kept {
    account: Identity,
    token: Token,
}

/// The owner of a token: email, endpoint and key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    client_email: String,
    token_uri: String,
    key_id: Option<String>,
}

/// Returns a usable token: the cached one, or a fresh one. Nothing that needs the token was sent
/// before, so a lost answer of the token endpoint is a retry.
pub(crate) async fn get(account: &ServiceAccount, timeout: Millis) -> Outcome<String> {
    let identity = Identity::of(account);
    let now = clock::now();
    let kept = KEPT.with_borrow(|kept| kept.as_ref().and_then(|kept| kept.usable(&identity, now)));
    if let Some(secret) = kept {
        return Ok(secret);
    }
    let fresh = fresh(account, timeout, now).await;
    let token = fresh.map_err(|trouble| trouble.before_the_call(service_account::unanswered()))?;
    let secret = token.secret.clone();
    KEPT.set(Some(Kept {
        account: identity,
        token,
    }));
    Ok(secret)
}

/// Drops a token that was rejected. A newer token stays.
pub(crate) fn forget(secret: &str) {
    KEPT.with_borrow_mut(|kept| {
        if kept
            .as_ref()
            .is_some_and(|kept| kept.token.secret == secret)
        {
            *kept = None;
        }
    });
}

/// A token that the endpoint gives now, whatever is cached.
pub(crate) async fn fresh(
    account: &ServiceAccount,
    timeout: Millis,
    now: Millis,
) -> Outcome<Token> {
    let claims = account.claims(now);
    let signature = sign(&account.private_key, claims.as_bytes()).await;
    let signature = signature.map_err(|_| Trouble::Refused(service_account::unusable_key()))?;
    let call = HttpCall {
        method: Method::Post,
        url: account.token_uri.as_str(),
        headers: &[("content-type", "application/x-www-form-urlencoded")],
        body: Some(service_account::token_form(&claims, &signature)),
        headers_within: timeout,
        all_within: timeout,
    };
    service_account::read_token(&call.read(MAX_ANSWER).await?, now)
}

/// RSASSA-PKCS1-v1_5 with SHA-256, by the platform; no RSA is compiled in.
async fn sign(private_key: &[u8], text: &[u8]) -> Result<Vec<u8>, JsValue> {
    let subtle = subtle()?;
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"RSASSA-PKCS1-v1_5".into())?;
    Reflect::set(&algorithm, &"hash".into(), &"SHA-256".into())?;
    let usages = Array::of1(&"sign".into());
    let key = Uint8Array::from(private_key);
    let key = subtle.import_key_with_object("pkcs8", &key, &algorithm, false, &usages)?;
    let key: web_sys::CryptoKey = settled(key).await?.unchecked_into();
    let text = Uint8Array::from(text);
    let signature = subtle.sign_with_object_and_js_u8_array(&algorithm, &key, &text)?;
    Ok(Uint8Array::new(&settled(signature).await?).to_vec())
}

impl Kept {
    fn usable(&self, account: &Identity, now: Millis) -> Option<String> {
        (self.account == *account && now < self.token.usable_until)
            .then(|| self.token.secret.clone())
    }
}

impl Identity {
    fn of(account: &ServiceAccount) -> Self {
        Self {
            client_email: account.client_email.clone(),
            token_uri: account.token_uri.to_string(),
            key_id: account.key_id.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, Kept};
    use crate::upstream::vertex::service_account::Token;

    #[test]
    fn a_kept_token_serves_its_own_account_and_key_until_its_time() {
        let account = |email: &str, key: &str| Identity {
            client_email: email.to_owned(),
            token_uri: "https://oauth2.googleapis.com/token".to_owned(),
            key_id: Some(key.to_owned()),
        };
        let token = Token {
            secret: "t".to_owned(),
            usable_until: 1_000,
        };
        let kept = Kept {
            account: account("a@p", "k1"),
            token,
        };
        assert_eq!(
            kept.usable(&account("a@p", "k1"), 999).as_deref(),
            Some("t")
        );
        assert_eq!(kept.usable(&account("a@p", "k1"), 1_000), None);
        assert_eq!(kept.usable(&account("a@p", "k2"), 0), None);
        assert_eq!(kept.usable(&account("b@p", "k1"), 0), None);
    }
}
