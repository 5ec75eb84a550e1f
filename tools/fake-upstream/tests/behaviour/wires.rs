//! Actions on a running fake for the tests of the newer wires.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use crate::fake::{Fake, KEY};
use crate::http::{Answer, Request};

/// The models of the newer wires.
pub(crate) const VEO: &str = "veo-3.1-generate-001";
pub(crate) const OMNI: &str = "gemini-omni-1.2-flash";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const PATIENCE: Duration = Duration::from_secs(5);

/// The parent of Vertex AI's models.
pub(crate) fn place(project: &str, location: &str) -> String {
    format!("projects/{project}/locations/{location}/publishers/google/models")
}

impl Fake {
    /// Claims that the fake accepts.
    pub(crate) fn claims(&self) -> Value {
        let now = unix_seconds();
        let account = self.control("service-account");
        let claim = |name: &str| account[name].clone();
        json!({
            "iss": claim("client_email"), "aud": claim("token_uri"), "scope": SCOPE, "iat": now, "exp": now + 3600,
        })
    }

    /// Claims signed by the service account.
    pub(crate) fn assertion(&self, claims: &Value) -> String {
        let account = self.control("service-account");
        let pem = account["private_key"].as_str().expect("a key");
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let key =
            RsaKeyPair::from_pkcs8(&STANDARD.decode(der).expect("base64")).expect("an RSA key");
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!(
            "{}.{}",
            part(&json!({ "alg": "RS256", "typ": "JWT" })),
            part(claims)
        );
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Exchanges an assertion for a token.
    pub(crate) fn exchange(&self, assertion: &str) -> Answer {
        let body = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
        );
        let form = ("content-type", "application/x-www-form-urlencoded");
        self.post("/token", &[form], &body).expect("an answer")
    }

    /// A valid token.
    pub(crate) fn token(&self) -> String {
        let answer = self.exchange(&self.assertion(&self.claims()));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// One request with a token.
    pub(crate) fn with_token(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: &str,
        patience: Duration,
    ) -> io::Result<Answer> {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        Request {
            method,
            url: &self.url(path),
            headers: &headers,
            body,
            patience,
        }
        .send()
    }

    /// Calls a method of a model of Vertex AI.
    pub(crate) fn call_veo(&self, token: &str, verb: &str, body: &Value) -> io::Result<Answer> {
        let path = format!("/v1/{}/{VEO}:{verb}", place("reelay-local", "us-central1"));
        self.with_token(token, "POST", &path, &body.to_string(), PATIENCE)
    }

    /// Submits a prompt to Vertex AI with parameters; returns the operation's name.
    pub(crate) fn veo(&self, token: &str, prompt: &str, parameters: &Value) -> String {
        let body = json!({ "instances": [{ "prompt": prompt }], "parameters": parameters });
        let answer = self
            .call_veo(token, "predictLongRunning", &body)
            .expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["name"].as_str().expect("a name").to_owned()
    }

    pub(crate) fn fetch(&self, token: &str, name: &str) -> io::Result<Answer> {
        self.call_veo(
            token,
            "fetchPredictOperation",
            &json!({ "operationName": name }),
        )
    }

    /// A request of the Interactions or the Files API.
    pub(crate) fn omni(&self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        Request {
            method,
            url: &self.url(path),
            headers: &[KEY],
            body,
            patience: PATIENCE,
        }
        .send()
    }

    /// A new interaction; returns its id.
    pub(crate) fn interact(&self, prompt: &str, delivery: &str) -> String {
        let answer = self.omni(
            "POST",
            "/v1/interactions",
            &interaction(prompt, delivery).to_string(),
        );
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn look(&self, id: &str) -> io::Result<Answer> {
        self.omni("GET", &format!("/v1/interactions/{id}?stream=false"), "")
    }

    /// The file of an interaction whose video is delivered as a file.
    pub(crate) fn file_of(&self, id: &str) -> String {
        let uri = self.look(id).expect("an answer").json()["steps"][1]["content"][0]["uri"].clone();
        let (_, file) = uri
            .as_str()
            .expect("a file's address")
            .split_once("/files/")
            .expect("a file's address");
        file.split(':').next().expect("an id").to_owned()
    }
}

/// The body of a new interaction.
pub(crate) fn interaction(prompt: &str, delivery: &str) -> Value {
    json!({
        "model": OMNI, "background": true, "input": prompt,
        "response_format": { "type": "video", "duration": "8s", "delivery": delivery },
    })
}

/// Seconds since the Unix epoch.
#[allow(clippy::disallowed_methods, reason = "a test signs the real time")]
pub(crate) fn unix_seconds() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

/// The video of a wanted size: an MP4 that follows the pattern after its head, or only the pattern
/// if it is too short for the head.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length)
        .map(|offset| u8::try_from(offset % 251).expect("below 251"))
        .collect();
    if length >= 144 {
        let boxes = [
            (0, 20, b"ftyp"),
            (20, 116, b"moov"),
            (28, 108, b"mvhd"),
            (136, length - 136, b"mdat"),
        ];
        bytes[8..20].copy_from_slice(b"isom\0\0\x02\0mp41");
        bytes[36..136].fill(0);
        for (at, size, kind) in boxes {
            bytes[at..at + 4].copy_from_slice(&u32::try_from(size).expect("short").to_be_bytes());
            bytes[at + 4..at + 8].copy_from_slice(kind);
        }
    }
    bytes
}
