//! A Google service account: its JSON key, its assertion and its token.
//! Source: RFC 7523 (JWT bearer grants) and RFC 6749, section 5.

use crate::clients::reply::Reply;
use crate::clients::retry_after;
use crate::clients::sentence;
use crate::machine::outcome::{Failure, Outcome, Trouble};
use crate::time::{MINUTE, Millis, SECOND};
use crate::upstream::google;
use crate::variables::{base_url, is_safe};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;
use url::{Url, form_urlencoded};

/// The scope of a token.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// The token endpoint, unless the key names another.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// The lifetime of an assertion; Google accepts at most an hour.
const ASSERTION_LIFETIME: Millis = 60 * MINUTE;
/// A token is not used within this time before it expires, so that no call outlives it.
const TOKEN_MARGIN: Millis = 5 * MINUTE;
/// The longest token lifetime that is trusted.
const MAX_TOKEN_LIFETIME: Millis = 12 * 60 * MINUTE;
/// The longest token that is accepted, in bytes.
const MAX_TOKEN: usize = 8 * 1024;
/// How much of the endpoint's error message is passed on, in characters.
const MAX_WORDS: usize = 160;
/// The longest word of it that is passed on; a longer one may be a secret.
const MAX_WORD: usize = 48;
/// The lines around a key in PKCS #8.
const PEM: (&str, &str) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
/// The tag of a DER sequence whose length is in the next two bytes.
const LONG_SEQUENCE: [u8; 2] = [0x30, 0x82];

/// An account that can sign.
pub struct ServiceAccount {
    pub client_email: String,
    /// The id of the key, if the JSON has one.
    pub key_id: Option<String>,
    /// PKCS #8 in DER. Secret.
    pub private_key: Vec<u8>,
    pub token_uri: Url,
    pub project_id: Option<String>,
}

/// Why a text is not the key of a service account. Follows "the JSON key of a service account,
/// but".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyFlaw {
    #[error("it is not valid JSON")]
    NotJson,
    #[error("it is not a JSON object")]
    NotObject,
    #[error("its type is not service_account")]
    OtherType,
    #[error("it has no {0}")]
    Missing(&'static str),
    #[error("its private_key is not PEM that begins with BEGIN PRIVATE KEY (PKCS #8)")]
    NotPem,
    #[error("its private_key is damaged or cut short")]
    DamagedKey,
    #[error(
        "its token_uri is not an https address without a query (http for a loopback host only)"
    )]
    UnsafeTokenUri,
}

/// A token and the end of its use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The value after `Bearer`. Secret.
    pub secret: String,
    pub usable_until: Millis,
}

impl ServiceAccount {
    /// Reads the JSON key in Google's format.
    pub fn parse(text: &str) -> Result<Self, KeyFlaw> {
        let Value::Object(key) = serde_json::from_str(text).map_err(|_| KeyFlaw::NotJson)? else {
            return Err(KeyFlaw::NotObject);
        };
        if string(&key, "type").is_none_or(|kind| kind != "service_account") {
            return Err(KeyFlaw::OtherType);
        }
        let token_uri = base_url(string(&key, "token_uri").unwrap_or(TOKEN_URI)).filter(is_safe);
        Ok(Self {
            client_email: required(&key, "client_email")?.to_owned(),
            key_id: string(&key, "private_key_id").map(str::to_owned),
            private_key: der(required(&key, "private_key")?)?,
            token_uri: token_uri.ok_or(KeyFlaw::UnsafeTokenUri)?,
            project_id: string(&key, "project_id").map(str::to_owned),
        })
    }

    /// The header and claims of an assertion, to be signed with RS256.
    pub fn claims(&self, now: Millis) -> String {
        let header = Header {
            alg: "RS256",
            typ: "JWT",
            kid: self.key_id.as_deref(),
        };
        let issued_at = now / SECOND;
        let claims = Claims {
            iss: &self.client_email,
            scope: SCOPE,
            aud: self.token_uri.as_str(),
            iat: issued_at,
            exp: issued_at + ASSERTION_LIFETIME / SECOND,
        };
        format!("{}.{}", encoded(&header), encoded(&claims))
    }
}

/// The form that requests a token with signed claims.
pub fn token_form(claims: &str, signature: &[u8]) -> String {
    let assertion = format!("{claims}.{}", URL_SAFE_NO_PAD.encode(signature));
    form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
        .append_pair("assertion", &assertion)
        .finish()
}

/// Reads the token endpoint's answer to a call made at `asked_at`. `Refused` means that a retry
/// cannot help.
pub fn read_token(reply: &Reply, asked_at: Millis) -> Outcome<Token> {
    match reply.status {
        200 => serde_json::from_slice(&reply.body)
            .ok()
            .and_then(|granted: Granted| granted.token(asked_at))
            .ok_or_else(|| {
                Trouble::retry(no_token("the answer of the token endpoint is unreadable"))
            }),
        status @ (400..=407 | 409..=428 | 430..=499) => {
            Err(Trouble::Refused(google::unavailable(&format!(
                "Google refused the service account ({}): check VERTEX_SERVICE_ACCOUNT.",
                words(reply, status)
            ))))
        }
        status => {
            let failure = no_token(&format!("the token endpoint answered with HTTP {status}"));
            Err(Trouble::Retry {
                after: asked_wait(reply),
                failure,
            })
        }
    }
}

/// The failure when the token endpoint does not answer.
pub fn unanswered() -> Failure {
    no_token("the token endpoint did not answer")
}

/// The failure when the platform's cryptography rejects the private key.
pub fn unusable_key() -> Failure {
    google::unavailable(
        "The private_key of the service account cannot sign: check VERTEX_SERVICE_ACCOUNT.",
    )
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    /// Seconds since the Unix epoch, as is `exp`.
    iat: u64,
    exp: u64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// Seconds.
    #[serde(default)]
    expires_in: u64,
}

impl Granted {
    fn token(self, asked_at: Millis) -> Option<Token> {
        let secret = self.access_token;
        let sendable = (1..=MAX_TOKEN).contains(&secret.len())
            && secret.bytes().all(|byte| byte.is_ascii_graphic());
        let usable_until = asked_at + usable_for(self.expires_in.saturating_mul(SECOND));
        sendable.then_some(Token {
            secret,
            usable_until,
        })
    }
}

/// How long a token is used: until the margin before its end, or half of its life if that is
/// longer.
fn usable_for(lifetime: Millis) -> Millis {
    let lifetime = lifetime.min(MAX_TOKEN_LIFETIME);
    lifetime.saturating_sub(TOKEN_MARGIN).max(lifetime / 2)
}

#[derive(Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// The endpoint's error message, shortened and without anything that may be a secret.
fn words(reply: &Reply, status: u16) -> String {
    let Ok(denied) = serde_json::from_slice::<Denied>(&reply.body) else {
        return format!("HTTP {status}");
    };
    let said = match denied.error_description.trim_end_matches('.') {
        "" => denied.error,
        description => format!("{}: {description}", denied.error),
    };
    let kept: Vec<&str> = said
        .split_whitespace()
        .filter(|word| word.chars().count() <= MAX_WORD)
        .collect();
    sentence::clean(&kept.join(" "))
        .unwrap_or_default()
        .chars()
        .take(MAX_WORDS)
        .collect()
}

/// The failure when there is no token for now; a retry may help.
fn no_token(why: &str) -> Failure {
    google::unavailable(&format!("Google gave the service account no token: {why}."))
}

fn asked_wait(reply: &Reply) -> Option<Millis> {
    retry_after::parse(reply.retry_after.as_deref()?, reply.now)
}

fn string<'a>(key: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    key.get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
}

fn required<'a>(key: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, KeyFlaw> {
    string(key, name).ok_or(KeyFlaw::Missing(name))
}

/// The bytes within PEM (RFC 7468).
fn der(pem: &str) -> Result<Vec<u8>, KeyFlaw> {
    let (begin, end) = PEM;
    let base64 = pem
        .trim()
        .strip_prefix(begin)
        .ok_or(KeyFlaw::NotPem)?
        .strip_suffix(end)
        .ok_or(KeyFlaw::DamagedKey)?;
    let base64: String = base64.split_whitespace().collect();
    let der = STANDARD.decode(base64).map_err(|_| KeyFlaw::DamagedKey)?;
    is_whole(&der).then_some(der).ok_or(KeyFlaw::DamagedKey)
}

/// Whether the outermost sequence has the length that it declares. No usable RSA key is short
/// enough for another encoding of the length.
fn is_whole(der: &[u8]) -> bool {
    match der
        .strip_prefix(&LONG_SEQUENCE)
        .and_then(|rest| rest.split_first_chunk::<2>())
    {
        Some((length, content)) => content.len() == usize::from(u16::from_be_bytes(*length)),
        None => false,
    }
}

fn encoded(part: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{KeyFlaw, ServiceAccount, read_token, token_form};
    use crate::clients::reply::Reply;
    use crate::machine::outcome::{ErrorCode, Trouble};
    use crate::time::{MINUTE, Millis};
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    /// A key in the right format that signs nothing.
    fn pem() -> String {
        let der = [&[0x30, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der)
        )
    }

    fn key() -> Value {
        json!({
            "type": "service_account", "project_id": "my-project", "private_key_id": "abc", "private_key": pem(),
            "client_email": "reelay@my-project.iam.gserviceaccount.com", "client_id": "1",
            "token_uri": "https://oauth2.googleapis.com/token",
        })
    }

    fn with(name: &str, value: Value) -> Option<KeyFlaw> {
        let mut key = key();
        key[name] = value;
        ServiceAccount::parse(&key.to_string()).err()
    }

    #[test]
    fn a_key_is_read_as_google_hands_it_out() {
        let account = ServiceAccount::parse(&key().to_string()).expect("a key");
        assert_eq!(
            account.client_email,
            "reelay@my-project.iam.gserviceaccount.com"
        );
        assert_eq!(
            (account.key_id.as_deref(), account.project_id.as_deref()),
            (Some("abc"), Some("my-project"))
        );
        assert_eq!(account.private_key.len(), 260);
        for (name, value) in [
            ("token_uri", Value::Null),
            ("token_uri", json!("http://127.0.0.1:8788/token")),
            ("project_id", Value::Null),
            ("private_key_id", Value::Null),
            ("private_key", json!(pem().trim().replace('\n', "\r\n"))),
        ] {
            assert_eq!(with(name, value), None, "{name}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_key_is_told() {
        assert_eq!(
            ServiceAccount::parse("/path/to/key.json").err(),
            Some(KeyFlaw::NotJson)
        );
        assert_eq!(
            ServiceAccount::parse("\"text\"").err(),
            Some(KeyFlaw::NotObject)
        );
        let old = pem().replace("PRIVATE KEY", "RSA PRIVATE KEY");
        let cut: String = pem().chars().take(200).collect();
        let short = pem().replacen("Bw", "", 2);
        for (name, value, flaw) in [
            ("type", json!("authorized_user"), KeyFlaw::OtherType),
            ("type", Value::Null, KeyFlaw::OtherType),
            (
                "client_email",
                Value::Null,
                KeyFlaw::Missing("client_email"),
            ),
            ("client_email", json!(" "), KeyFlaw::Missing("client_email")),
            ("private_key", Value::Null, KeyFlaw::Missing("private_key")),
            ("private_key", json!(7), KeyFlaw::Missing("private_key")),
            ("private_key", json!("MIIEvQ"), KeyFlaw::NotPem),
            ("private_key", json!(old), KeyFlaw::NotPem),
            ("private_key", json!(cut), KeyFlaw::DamagedKey),
            ("private_key", json!(short), KeyFlaw::DamagedKey),
            (
                "token_uri",
                json!("http://oauth2.googleapis.com/token"),
                KeyFlaw::UnsafeTokenUri,
            ),
            (
                "token_uri",
                json!("oauth2.googleapis.com"),
                KeyFlaw::UnsafeTokenUri,
            ),
        ] {
            assert_eq!(with(name, value), Some(flaw), "{name}");
        }
    }

    #[test]
    fn the_claims_are_those_of_rfc_7523() {
        let account = ServiceAccount::parse(&key().to_string()).expect("a key");
        let claims = account.claims(1_700_000_000_999);
        let parts: Vec<Value> = claims
            .split('.')
            .map(|part| {
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64"))
                    .expect("JSON")
            })
            .collect();
        assert_eq!(
            parts,
            [
                json!({"alg": "RS256", "typ": "JWT", "kid": "abc"}),
                json!({
                    "iss": "reelay@my-project.iam.gserviceaccount.com",
                    "scope": "https://www.googleapis.com/auth/cloud-platform",
                    "aud": "https://oauth2.googleapis.com/token",
                    "iat": 1_700_000_000, "exp": 1_700_003_600,
                })
            ]
        );
        assert_eq!(
            token_form("a.b", b"\xff\xff\xff"),
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.____"
        );
    }

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            retry_after: Some("9".to_owned()),
            body: body.as_bytes().to_vec(),
            now: 0,
        }
    }

    #[test]
    fn a_token_is_used_until_five_minutes_before_its_end_or_for_half_of_a_short_life() {
        let until = |seconds: u64| -> Millis {
            let body =
                json!({"access_token": "ya29.x", "expires_in": seconds, "token_type": "Bearer"})
                    .to_string();
            let Ok(token) = read_token(&reply(200, &body), 1_000_000) else {
                panic!("a token")
            };
            token.usable_until - 1_000_000
        };
        assert_eq!(until(3_600), 55 * MINUTE);
        assert_eq!(until(600), 5 * MINUTE);
        assert_eq!(until(480), 4 * MINUTE);
        assert_eq!(until(1), 500);
        assert_eq!(until(0), 0);
        assert_eq!(until(u64::MAX), 715 * MINUTE);
    }

    #[test]
    fn an_answer_without_a_usable_token_is_none() {
        let long = "x".repeat(10_000);
        for body in [
            "<html>".to_owned(),
            "{}".to_owned(),
            json!({"access_token": ""}).to_string(),
            json!({"access_token": "a\r\nhost: x"}).to_string(),
            json!({ "access_token": long }).to_string(),
        ] {
            assert!(
                matches!(
                    read_token(&reply(200, &body), 0),
                    Err(Trouble::Retry { after: None, .. })
                ),
                "{body}"
            );
        }
        for status in [302, 408, 429, 500, 503] {
            let outcome = read_token(&reply(status, "{}"), 0);
            assert!(
                matches!(
                    outcome,
                    Err(Trouble::Retry {
                        after: Some(9_000),
                        ..
                    })
                ),
                "{status}"
            );
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_endpoints_words_without_anything_long() {
        let refused = |body: &str| {
            let Err(Trouble::Refused(failure)) = read_token(&reply(400, body), 0) else {
                panic!("{body}")
            };
            assert_eq!(failure.code, ErrorCode::ProviderUnavailable);
            failure.message
        };
        assert_eq!(
            refused(r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#),
            "Google refused the service account (invalid_grant: Invalid JWT Signature): check VERTEX_SERVICE_ACCOUNT."
        );
        let secret = "s".repeat(60);
        let echoing =
            json!({"error": "invalid_grant", "error_description": format!("Bad {secret} given")})
                .to_string();
        assert_eq!(
            refused(&echoing),
            "Google refused the service account (invalid_grant: Bad given): check VERTEX_SERVICE_ACCOUNT."
        );
        assert!(refused("<html>").contains("(HTTP 400)"));
        assert!(refused(&json!({"error": "a ".repeat(5_000)}).to_string()).len() < 300);
    }
}
