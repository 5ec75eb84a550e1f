//! The only service account, and the verification of what it signs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

/// A key for development only: it gives access to nothing but this server.
const ASSET: &str = include_str!("../assets/service-account.json");
/// The scope that Vertex AI and Cloud Storage require.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Google's own token endpoint: its Python library names it as the audience wherever it requests
/// the token.
const GOOGLE: &str = "https://oauth2.googleapis.com/token";
/// The longest validity of an assertion, in seconds.
const MAX_SECONDS: i64 = 3600;
/// How far clocks may differ, in seconds.
const SKEW_SECONDS: i64 = 60;

/// The service account of `assets/service-account.json`.
pub(crate) struct Account {
    file: Value,
    public_key: Vec<u8>,
}

/// Why an assertion is refused: OAuth's code for it, and Google's sentence.
pub(crate) struct Refused {
    pub(crate) error: &'static str,
    pub(crate) description: String,
}

fn refused(description: impl Into<String>) -> Refused {
    Refused {
        error: "invalid_grant",
        description: description.into(),
    }
}

impl Account {
    /// Reads the asset; the error is one sentence.
    pub(crate) fn load() -> Result<Self, String> {
        let file: Value = serde_json::from_str(ASSET)
            .map_err(|_| "the service account is not JSON".to_owned())?;
        let pem = file["private_key"].as_str().unwrap_or_default();
        let base64: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let key = STANDARD
            .decode(base64)
            .ok()
            .and_then(|der| RsaKeyPair::from_pkcs8(&der).ok());
        let key = key.ok_or("the service account's key is not an RSA key")?;
        Ok(Self {
            public_key: key.public_key().as_ref().to_vec(),
            file,
        })
    }

    /// The account's file, with the address of the token endpoint.
    pub(crate) fn file(&self, token_uri: &str) -> Value {
        let mut file = self.file.clone();
        file["token_uri"] = json!(token_uri);
        file
    }

    /// A secret of this program, to sign tokens with.
    pub(crate) fn secret(&self) -> &[u8] {
        self.file["private_key"]
            .as_str()
            .unwrap_or_default()
            .as_bytes()
    }

    /// Verifies an assertion: RS256 by this account, for this address or Google's, for Google
    /// Cloud, valid for at most an hour.
    pub(crate) fn check(
        &self,
        assertion: &str,
        token_uri: &str,
        now_ms: u64,
    ) -> Result<(), Refused> {
        let (signed, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let (header, claims) = (
            part(header).ok_or_else(malformed)?,
            part(claims).ok_or_else(malformed)?,
        );
        if header["alg"] != "RS256" {
            return Err(refused("Invalid JWT: Only RS256 is supported."));
        }
        if claims["iss"] != self.file["client_email"] {
            return Err(refused("Invalid grant: account not found"));
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| refused("Invalid JWT Signature."))?;
        if claims["aud"] != token_uri && claims["aud"] != GOOGLE {
            let words =
                format!("Invalid JWT: Failed audience check. The right audience is {token_uri}");
            return Err(refused(words));
        }
        check_times(&claims, now_ms)?;
        let scopes = claims["scope"].as_str().unwrap_or_default();
        if scopes.split(' ').any(|scope| scope == SCOPE) {
            return Ok(());
        }
        Err(Refused {
            error: "invalid_scope",
            description: "Invalid OAuth scope or ID token audience provided.".to_owned(),
        })
    }
}

fn check_times(claims: &Value, now_ms: u64) -> Result<(), Refused> {
    let now = i64::try_from(now_ms / 1000).unwrap_or(i64::MAX);
    let times = claims["iat"].as_i64().zip(claims["exp"].as_i64());
    let reasonable = times.is_some_and(|(issued, expires)| {
        issued <= now + SKEW_SECONDS
            && expires > now - SKEW_SECONDS
            && expires > issued
            && expires - issued <= MAX_SECONDS
    });
    if reasonable {
        return Ok(());
    }
    Err(refused(
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
         Check your iat and exp values in the JWT claim.",
    ))
}

fn malformed() -> Refused {
    refused("Bad Request")
}

/// A part of a JWT as JSON.
fn part(encoded: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}
