//! The upstream's own webhooks: how they are requested, how their signatures are verified, and
//! which job they are about.
//!
//! Source: the Standard Webhooks specification 1.0, which Google's webhooks follow: `v1`
//! (HMAC-SHA256) for a registered webhook, `v1a` (Ed25519, keys published as a JWK set) for a
//! webhook that a request names.

use crate::ids::JobKey;
use crate::ids::{is_generation_id, is_user_id};
use crate::machine::job::MAX_UPSTREAM_WEBHOOK_ID;
use crate::upstream::render_request::WebhookTarget;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

/// The path at which they are received, below this worker's address.
pub const PATH: &str = "/api/webhooks/upstream";
/// How much the timestamp of an attempt may differ from now, in seconds: five minutes.
const TOLERANCE: u64 = 300;
/// The most signatures of one webhook that are checked.
const MAX_SIGNATURES: usize = 4;
/// The most published keys that are tried.
const MAX_KEYS: usize = 16;
/// The length of an Ed25519 key, in bytes.
const KEY_BYTES: usize = 32;
/// The length of an Ed25519 signature, in bytes.
const SIGNATURE_BYTES: usize = 64;
/// The events that trigger a poll.
const EVENTS: [&str; 5] = [
    "interaction.completed",
    "interaction.failed",
    "interaction.cancelled",
    "interaction.requires_action",
    "video.generated",
];

/// The claims in a webhook's headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedClaim {
    /// `webhook-id`, equal on every attempt.
    pub id: String,
    /// `webhook-timestamp` as sent.
    timestamp: String,
    /// The `v1` signatures.
    hmac: Vec<Vec<u8>>,
    /// The `v1a` signatures.
    pub ed25519: Vec<Vec<u8>>,
}

/// The webhook requested from the upstream, with the field names of the Python SDK.
#[derive(Serialize)]
pub(crate) struct WebhookConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uris: Option<[&'a str; 1]>,
    user_metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    user_id: &'a str,
    generation_id: &'a str,
}

impl<'a> From<&'a WebhookTarget> for WebhookConfig<'a> {
    fn from(push: &'a WebhookTarget) -> Self {
        let user_metadata = Metadata {
            user_id: &push.user_id,
            generation_id: &push.generation_id,
        };
        Self {
            uris: push.uri.as_deref().map(|uri| [uri]),
            user_metadata,
        }
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl SignedClaim {
    /// Reads the three headers; `None` if one is missing or unusable, or if the timestamp is not
    /// close to `now_seconds`.
    pub fn read(header: impl Fn(&str) -> Option<String>, now_seconds: u64) -> Option<Self> {
        let id = header("webhook-id").filter(|id| is_plain(id))?;
        let timestamp = header("webhook-timestamp")
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        if timestamp.parse::<u64>().ok()?.abs_diff(now_seconds) > TOLERANCE {
            return None;
        }
        let (mut hmac, mut ed25519) = (Vec::new(), Vec::new());
        for signature in header("webhook-signature")?
            .split_ascii_whitespace()
            .take(MAX_SIGNATURES)
        {
            let Some((version, encoded)) = signature.split_once(',') else {
                continue;
            };
            let Ok(bytes) = STANDARD.decode(encoded) else {
                continue;
            };
            match version {
                "v1" => hmac.push(bytes),
                "v1a" if bytes.len() == SIGNATURE_BYTES => ed25519.push(bytes),
                _ => {}
            }
        }
        let signed = !hmac.is_empty() || !ed25519.is_empty();
        signed.then_some(Self {
            id,
            timestamp,
            hmac,
            ed25519,
        })
    }

    /// Whether one of these secrets made one of the `v1` signatures; compares in constant time.
    pub fn is_signed_by(&self, secrets: &[Vec<u8>], body: &[u8]) -> bool {
        let message = self.message(body);
        secrets.iter().any(|secret| {
            let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret) else {
                return false;
            };
            let mac = mac.chain_update(&message);
            self.hmac
                .iter()
                .any(|signature| mac.clone().verify_slice(signature).is_ok())
        })
    }

    /// The signed message: `{id}.{timestamp}.{body}`.
    pub fn message(&self, body: &[u8]) -> Vec<u8> {
        let head = format!("{}.{}.", self.id, self.timestamp);
        [head.as_bytes(), body].concat()
    }
}

/// The job that a webhook is about, from the metadata of its order. `None` if there is no reason to
/// poll. Nothing else in the body is trusted.
pub fn job(body: &[u8]) -> Option<JobKey> {
    let event: Value = serde_json::from_slice(body).ok()?;
    let kind = event.get("type")?.as_str()?;
    let metadata = event
        .get("user_metadata")
        .or_else(|| event.pointer("/data/user_metadata"))?;
    let user = metadata
        .get("userId")?
        .as_str()
        .filter(|id| is_user_id(id))?;
    let generation = metadata
        .get("generationId")?
        .as_str()
        .filter(|id| is_generation_id(id))?;
    EVENTS
        .contains(&kind)
        .then(|| JobKey::new(user, generation))
}

/// The Ed25519 keys of a JWK set (RFC 7517, RFC 8037); `None` if it is not one.
pub fn keys(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let set: KeySet = serde_json::from_slice(body).ok()?;
    let key = |jwk: &Value| {
        let says = |field: &str, value: &str| jwk.get(field).and_then(Value::as_str) == Some(value);
        let usable = says("kty", "OKP") && says("crv", "Ed25519");
        let bytes = URL_SAFE_NO_PAD.decode(jwk.get("x")?.as_str()?).ok()?;
        (usable && bytes.len() == KEY_BYTES).then_some(bytes)
    };
    Some(set.keys.iter().filter_map(key).take(MAX_KEYS).collect())
}

/// A dot in the id would make the signed message ambiguous.
fn is_plain(id: &str) -> bool {
    (1..=MAX_UPSTREAM_WEBHOOK_ID).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIME: u64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn claim(id: &str, timestamp: &str, signature: &str) -> Option<SignedClaim> {
        let value = |name: &str| match name {
            "webhook-id" => Some(id.to_owned()),
            "webhook-timestamp" => Some(timestamp.to_owned()),
            "webhook-signature" => Some(signature.to_owned()),
            _ => None,
        };
        SignedClaim::read(|name| value(name).filter(|value| value != "none"), TIME)
    }

    fn secrets() -> Vec<Vec<u8>> {
        vec![vec![7; 32], STANDARD.decode(SECRET).expect("a secret")]
    }

    #[test]
    fn the_specifications_own_example_is_verified() {
        let time = TIME.to_string();
        let signed = claim(ID, &time, SIGNATURE).expect("a claim");
        assert!(signed.is_signed_by(&secrets(), BODY));
        assert!(!signed.is_signed_by(&secrets(), br#"{"test":2432232314}"#));
        assert!(!signed.is_signed_by(&secrets()[..1], BODY));
        assert!(!signed.is_signed_by(&[], BODY));
        let among_others = format!("v1,AAAA v1a,AAAA v2,{SIGNATURE} {SIGNATURE}");
        assert!(
            claim(ID, &time, &among_others)
                .expect("a claim")
                .is_signed_by(&secrets(), BODY)
        );
        let moved = claim(ID, &(TIME + 1).to_string(), SIGNATURE).expect("a claim");
        assert!(!moved.is_signed_by(&secrets(), BODY));
    }

    #[test]
    fn headers_that_are_missing_odd_or_out_of_date_claim_nothing() {
        let time = TIME.to_string();
        for id in [
            "none",
            "",
            "a b",
            "a.b",
            "ü",
            &"a".repeat(MAX_UPSTREAM_WEBHOOK_ID + 1),
        ] {
            assert_eq!(claim(id, &time, SIGNATURE), None, "{id}");
        }
        for time in [
            "none",
            "",
            "soon",
            "-1",
            "1614265330.5",
            &(TIME - 301).to_string(),
            &(TIME + 301).to_string(),
        ] {
            assert_eq!(claim(ID, time, SIGNATURE), None, "{time}");
        }
        for signature in ["none", "", "v1", "v1,", "v1,!", "v2,AAAA", "v1a,AAAA"] {
            let nothing = claim(ID, &time, signature)
                .is_none_or(|claim| !claim.is_signed_by(&secrets(), BODY));
            assert!(nothing, "{signature}");
        }
        assert!(claim(ID, &(TIME - 300).to_string(), SIGNATURE).is_some());
    }

    #[test]
    fn no_more_than_ten_signatures_are_looked_at() {
        let signatures = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(10));
        assert!(
            !claim(ID, &TIME.to_string(), &signatures)
                .expect("a claim")
                .is_signed_by(&secrets(), BODY)
        );
    }

    #[test]
    fn the_job_is_the_one_that_the_order_named() {
        let found = Some(JobKey::new("u@x", "g_1"));
        let metadata = r#""user_metadata":{"userId":"u@x","generationId":"g_1"}"#;
        for kind in EVENTS {
            assert_eq!(
                job(format!(r#"{{"type":"{kind}","data":{{"id":"v1"}},{metadata}}}"#).as_bytes()),
                found
            );
            assert_eq!(
                job(format!(r#"{{"type":"{kind}","data":{{{metadata}}}}}"#).as_bytes()),
                found
            );
        }
        for other in [
            "",
            "[]",
            r#"{"type":"video.generated"}"#,
            &format!(r#"{{"type":"batch.failed",{metadata}}}"#),
        ] {
            assert_eq!(job(other.as_bytes()), None, "{other}");
        }
        for (user, generation) in [("../x", "g"), ("u", "a/b"), ("", "g"), ("u", "")] {
            let metadata = format!(r#"{{"userId":"{user}","generationId":"{generation}"}}"#);
            let body = format!(r#"{{"type":"video.generated","user_metadata":{metadata}}}"#);
            assert_eq!(job(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn only_ed25519_keys_are_taken_of_a_key_set() {
        let x = URL_SAFE_NO_PAD.encode([9; 32]);
        let set = format!(
            r#"{{"keys":[{{"kty":"RSA","n":"AQAB"}},{{"kty":"OKP","crv":"Ed25519","x":"AAAA"}},
            {{"kty":"OKP","crv":"X25519","x":"{x}"}},{{"kty":"OKP","crv":"Ed25519","kid":"1","x":"{x}"}}]}}"#
        );
        assert_eq!(keys(set.as_bytes()), Some(vec![vec![9; 32]]));
        assert_eq!((keys(b"{}"), keys(b"<html>")), (None, None));
    }
}
