//! The upstream's own webhooks: when they are accepted, and what they may contain.

use crate::variables::{WEBHOOK_SECRET, config_with};
use reelay::config::upstream_webhook::UpstreamWebhooks;
use reelay::upstream::webhook::{PATH, SignedClaim, job};
use standardwebhooks::Webhook;

const NOW: u64 = 1_800_000_000;
const BODY: &str = r#"{"type":"interaction.completed","data":{"id":"v1_a"},"user_metadata":{"userId":"u_1","generationId":"g_1"}}"#;

fn push(variables: &[(&str, &str)]) -> Option<UpstreamWebhooks> {
    config_with(variables)
        .expect("valid settings")
        .upstream_webhooks
}

fn registered(secrets: &str) -> UpstreamWebhooks {
    push(&[("UPSTREAM_WEBHOOK_SECRET", secrets)]).expect("the setting")
}

fn claim(signature: &str, now: u64) -> Option<SignedClaim> {
    let header = |name: &str| match name {
        "webhook-id" => Some("msg_1".to_owned()),
        "webhook-timestamp" => Some(NOW.to_string()),
        "webhook-signature" => Some(signature.to_owned()),
        _ => None,
    };
    SignedClaim::read(header, now)
}

fn signature(secret: &str) -> String {
    let timestamp = i64::try_from(NOW).expect("a time");
    Webhook::new(secret)
        .expect("a secret")
        .sign("msg_1", timestamp, BODY.as_bytes())
        .expect("a signature")
}

#[test]
fn without_the_setting_nothing_is_asked_for() {
    assert!(push(&[]).is_none());
    assert!(push(&[("UPSTREAM_WEBHOOK_SECRET", " ")]).is_none());
}

#[test]
fn registered_webhooks_leave_the_address_to_the_registration() {
    let settings = registered(&format!("{WEBHOOK_SECRET}, {WEBHOOK_SECRET}"));
    assert_eq!(settings.secrets().len(), 2);
    assert_eq!(settings.uri("https://video.example.com"), None);
    assert!(settings.may_ask("http://10.0.0.1"));
}

#[test]
fn per_request_names_this_workers_own_address_if_it_can_be_reached_safely() {
    let settings = registered("per-request");
    assert!(settings.secrets().is_empty());
    let uri = settings.uri("https://video.example.com");
    assert_eq!(
        uri.as_deref(),
        Some("https://video.example.com/api/webhooks/upstream")
    );
    assert!(uri.is_some_and(|uri| uri.ends_with(PATH)));
    assert!(
        settings.may_ask("https://video.example.com") && settings.may_ask("http://127.0.0.1:8787")
    );
    assert!(!settings.may_ask("http://video.example.com") && !settings.may_ask(""));
}

#[test]
fn the_keys_are_where_the_upstream_is() {
    const KEYS: &str = "/.well-known/jwks.json";
    let keys = |variables: &[(&str, &str)]| {
        let setting = [("UPSTREAM_WEBHOOK_SECRET", "per-request")];
        push(&[&setting, variables].concat())
            .expect("the setting")
            .keys_url
            .to_string()
    };
    assert_eq!(
        keys(&[]),
        format!("https://generativelanguage.googleapis.com{KEYS}")
    );
    assert_eq!(
        keys(&[("VEO3_API_URL", "https://gateway.example/g/v1beta")]),
        format!("https://gateway.example/g{KEYS}")
    );
    let both = [
        ("VEO3_API_URL", "https://gateway.example"),
        ("GEMINI_API_URL", "http://127.0.0.1:8788/v1"),
    ];
    assert_eq!(keys(&both), format!("http://127.0.0.1:8788{KEYS}"));
}

#[test]
fn a_bad_setting_is_named_and_not_shown() {
    for value in [
        "per_request",
        "whsec_!xyz!",
        "whsec_c2hvcnQ=",
        "",
        &format!("{WEBHOOK_SECRET},per-request"),
    ] {
        let Err(error) = config_with(&[("UPSTREAM_WEBHOOK_SECRET", value)]) else {
            assert!(value.is_empty(), "{value}");
            continue;
        };
        assert_eq!(error.variable, "UPSTREAM_WEBHOOK_SECRET");
        assert!(!error.to_string().contains(value), "{error}");
    }
}

#[test]
fn what_a_standard_library_signs_is_taken_within_five_minutes() {
    let settings = registered(WEBHOOK_SECRET);
    let signed = signature(WEBHOOK_SECRET);
    for now in [NOW - 300, NOW, NOW + 300] {
        let claim = claim(&signed, now).expect("a claim");
        assert!(
            claim.is_signed_by(settings.secrets(), BODY.as_bytes()),
            "{now}"
        );
        assert!(!claim.is_signed_by(settings.secrets(), BODY.replace("g_1", "g_2").as_bytes()));
        assert!(!claim.is_signed_by(registered("per-request").secrets(), BODY.as_bytes()));
    }
    assert_eq!(
        (claim(&signed, NOW - 301), claim(&signed, NOW + 301)),
        (None, None)
    );
    let other = signature("whsec_ZGV2ZWxvcG1lbnQtb25seS13ZWJob29rLXNlY3JldCE=");
    assert!(
        !claim(&other, NOW)
            .expect("a claim")
            .is_signed_by(settings.secrets(), BODY.as_bytes())
    );
}

#[test]
fn a_push_names_a_job_and_nothing_else() {
    let found = job(BODY.as_bytes()).expect("a job");
    assert_eq!(
        (found.user_id.as_str(), found.generation_id.as_str()),
        ("u_1", "g_1")
    );
    assert_eq!(
        job(BODY
            .replace("interaction.completed", "batch.succeeded")
            .as_bytes()),
        None
    );
    assert_eq!(job(BODY.replace("g_1", "../g").as_bytes()), None);
}
