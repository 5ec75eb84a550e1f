//! Mistakes in the settings for Vertex AI are reported before anything is spent, without showing a
//! value.

use crate::variables::config_with;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reelay::config::Config;
use reelay::variables::ConfigError;
use serde_json::{Value, json};

/// A service account's key of the right shape, which cannot sign anything.
fn key() -> Value {
    let der = [&[0x30, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
    json!({
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "0123456789abcdef",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der)),
        "client_email": "reelay@my-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
}

fn key_with(name: &str, value: Value) -> String {
    let mut key = key();
    key[name] = value;
    key.to_string()
}

fn config(account: &str, others: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = [
        &[("VERTEX_SERVICE_ACCOUNT", account), ("VEO3_API_KEY", "")],
        others,
    ]
    .concat();
    config_with(&variables)
}

fn sentence(account: &str, others: &[(&str, &str)]) -> String {
    config(account, others)
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn the_key_alone_sets_the_provider_up() {
    let config = config(&key().to_string(), &[]).expect("valid settings");
    assert_eq!(config.providers.names(), ["vertex"]);
    let catalogue = config.catalogue(&["vertex"], 0);
    assert_eq!(
        catalogue.find(None, None).expect("a model").id,
        "veo-3.1-generate-001"
    );
}

#[test]
fn every_setting_takes_what_it_is_meant_to_take() {
    for (variable, value) in [
        ("VERTEX_PROJECT", "other-project-7"),
        ("VERTEX_PROJECT", "123456789012"),
        ("VERTEX_LOCATION", "europe-west4"),
        ("VERTEX_LOCATION", "global"),
        ("VERTEX_OUTPUT", "gs://my-bucket"),
        ("VERTEX_OUTPUT", "gs://my-bucket/videos/new/"),
        ("VERTEX_API_URL", "http://127.0.0.1:8788"),
        ("VERTEX_API_URL", "https://gateway.example/vertex"),
        ("VERTEX_STORAGE_URL", "http://localhost:8788"),
    ] {
        assert_eq!(
            sentence(&key().to_string(), &[(variable, value)]),
            "",
            "{variable}={value}"
        );
    }
    let without_project = key_with("project_id", Value::Null);
    assert_eq!(
        sentence(&without_project, &[("VERTEX_PROJECT", "other-project")]),
        ""
    );
    assert_eq!(
        sentence(
            &key_with("project_id", json!("Bad")),
            &[("VERTEX_PROJECT", "other-project")]
        ),
        ""
    );
    assert_eq!(
        sentence(
            &key_with("token_uri", json!("http://127.0.0.1:8788/token")),
            &[]
        ),
        ""
    );
}

#[test]
fn what_is_wrong_with_a_key_is_said_exactly() {
    let said = |account: &str, flaw: &str| {
        let expected = format!(
            "the variable VERTEX_SERVICE_ACCOUNT must be the JSON key of a service account, but {flaw}"
        );
        assert_eq!(sentence(account, &[]), expected);
    };
    said("/secrets/key.json", "it is not valid JSON");
    said("[]", "it is not a JSON object");
    said(
        &key_with("type", json!("authorized_user")),
        "its type is not service_account",
    );
    said(
        &key_with("client_email", Value::Null),
        "it has no client_email",
    );
    said(&key_with("private_key", json!("")), "it has no private_key");
    let not_pem = "its private_key is not PEM that begins with BEGIN PRIVATE KEY (PKCS #8)";
    said(
        &key_with(
            "private_key",
            json!("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"),
        ),
        not_pem,
    );
    let cut: String = key()["private_key"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(100)
        .collect();
    said(
        &key_with("private_key", json!(cut)),
        "its private_key is damaged or cut short",
    );
    let unsafe_uri =
        "its token_uri is not an https address without a query (http for a loopback host only)";
    said(
        &key_with("token_uri", json!("http://tokens.example/token")),
        unsafe_uri,
    );
}

#[test]
fn what_is_wrong_with_the_other_settings_is_said_without_their_values() {
    let project = "a project's id (6 to 30 of a-z, 0-9 and -, a letter first) or its number";
    let safe_url =
        "an https address with a valid host and without a query (http for a loopback host only)";
    let output = "a bucket of Cloud Storage, or a folder in one, such as gs://my-bucket/videos/";
    for (variable, value, wanted) in [
        ("VERTEX_PROJECT", "Xyz Project", project),
        ("VERTEX_PROJECT", "xyz", project),
        ("VERTEX_PROJECT", "xyz.example:project", project),
        ("VERTEX_PROJECT", "xyz-project-", project),
        (
            "VERTEX_LOCATION",
            "xyz",
            "a region such as us-central1, or global",
        ),
        (
            "VERTEX_LOCATION",
            "xyz.example/a-1",
            "a region such as us-central1, or global",
        ),
        ("VERTEX_OUTPUT", "s3://xyz", output),
        ("VERTEX_OUTPUT", "xyz-bucket", output),
        ("VERTEX_OUTPUT", "gs://xyz bucket/", output),
        ("VERTEX_API_URL", "http://xyz.example", safe_url),
        ("VERTEX_STORAGE_URL", "xyz.example", safe_url),
    ] {
        let sentence = sentence(&key().to_string(), &[(variable, value)]);
        assert_eq!(
            sentence,
            format!("the variable {variable} must be {wanted}"),
            "{value}"
        );
    }
}

#[test]
fn a_project_that_the_key_does_not_name_is_asked_for() {
    let missing = sentence(&key_with("project_id", Value::Null), &[]);
    assert_eq!(
        missing,
        "the variable VERTEX_PROJECT must be set, because VERTEX_SERVICE_ACCOUNT has no project_id"
    );
    let unusable = sentence(&key_with("project_id", json!("xyz.example:project")), &[]);
    assert!(
        unusable.starts_with("the variable VERTEX_PROJECT must be set to "),
        "{unusable}"
    );
    assert!(!unusable.contains("xyz"), "{unusable}");
}

#[test]
fn no_part_of_the_key_is_ever_shown() {
    let config = config(&key().to_string(), &[]).expect("valid settings");
    let shown = format!("{config:?}");
    for secret in ["PRIVATE KEY", "BwcHBw", "gserviceaccount"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
