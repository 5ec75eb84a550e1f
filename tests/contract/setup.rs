//! The lines of the setup's checklist: what is red, what is green, and that no line has a secret.

use crate::variables::{ADMIN_KEY, API_KEY, config_with};
use reelay::api::command::{self, MADE};
use reelay::api::setup::check::{self, CheckState, SetupCheck, Storage};
use reelay::clients::http::Lost;
use reelay::clients::reply::Reply;
use reelay::config::Environment;
use reelay::config::reference::SETTINGS;
use reelay::ids::JobKey;
use reelay::machine::delivery::{DeliveryState, DeliverySummary, EventKind};
use reelay::models::PROVIDERS;
use reelay::store::stats::OwnedDelivery;
use reelay::upstream::google::key_check::read_list;
use reelay::upstream::provider::KeyCheck;
use serde_json::{Value, json};
use url::Url;

const ENVIRONMENTS: [Environment; 2] = [Environment::Development, Environment::Production];

#[test]
fn a_key_that_is_not_set_is_optional_and_the_value_of_one_that_is_set_is_nowhere() {
    for (word, environment) in ["development", "production"].into_iter().zip(ENVIRONMENTS) {
        let config = |keys: [&str; 2]| {
            let [api_key, admin_key] = keys;
            let variables = [
                ("ENVIRONMENT", word),
                ("API_KEY", api_key),
                ("ADMIN_KEY", admin_key),
            ];
            config_with(&variables).expect("valid settings")
        };
        for set in check::keys(&config([API_KEY, ADMIN_KEY])) {
            let expected = json!({ "name": set.name, "state": "ok", "detail": "Set." });
            assert_eq!(serde_json::to_value(&set).expect("JSON"), expected);
        }
        let none = check::keys(&config(["", ""]));
        assert_eq!(
            none.clone().map(|check| check.name),
            ["API_KEY", "ADMIN_KEY"]
        );
        for missing in none {
            assert!(is(&missing, CheckState::Unknown), "{missing:?}");
            assert!(missing.detail.starts_with("Optional"), "{missing:?}");
            match environment {
                Environment::Production => {
                    assert_eq!(missing.command.as_deref(), Some("npx reelay-secrets"));
                }
                Environment::Development => {
                    assert_eq!(missing.command, None);
                    assert!(missing.detail.contains(".dev.vars"), "{missing:?}");
                }
            }
        }
    }
}

#[test]
fn every_secret_has_its_command_and_no_other_setting_has_one() {
    let made = include_str!("../../packages/worker/lib/secrets.mjs");
    let is_made = |name: &str| made.contains(&format!("\n  {name}: "));
    assert_eq!(MADE.map(is_made), [true; 4]);
    for variable in SETTINGS.iter().flat_map(|group| group.settings) {
        let name = variable.name;
        for is_missing in [true, false] {
            let of = |environment| command::that_sets(name, is_missing, environment);
            let deployed = of(Environment::Production);
            assert_eq!(deployed.is_some(), variable.is_secret, "{name}");
            assert_eq!(of(Environment::Development), None, "{name}");
            let puts = deployed.is_some_and(|command| {
                command.starts_with(&format!("npx wrangler secret put {name}"))
            });
            let expected = variable.is_secret && !(is_missing && is_made(name));
            assert_eq!(puts, expected, "{name}");
        }
    }
}

#[test]
fn the_app_is_red_without_an_answer_and_unknown_after_one_that_says_nothing_about_a_post() {
    let receiver = Url::parse("https://app.example/hook?bypass=xyz#xyz").expect("an address");
    for (status, state, says) in [
        (None, CheckState::Failed, "did not answer within 5 seconds"),
        (Some(500), CheckState::Failed, "answered 500 to a GET"),
        (Some(530), CheckState::Failed, "host was not found"),
        (Some(301), CheckState::Failed, "follow no redirect"),
        (Some(307), CheckState::Failed, "follow no redirect"),
        // A GET on a route that only takes POST is a 404 in Express, Fastify, Hono and Rails.
        (Some(404), CheckState::Unknown, "Send a test webhook."),
        // A login in front of the whole app, such as Vercel's, answers webhooks the same way.
        (Some(401), CheckState::Unknown, "Send a test webhook."),
        (Some(403), CheckState::Unknown, "Send a test webhook."),
        (Some(200), CheckState::Ok, "answered 200 to a GET."),
        (Some(405), CheckState::Ok, "answered 405 to a GET."),
        (Some(499), CheckState::Ok, "answered 499 to a GET."),
    ] {
        for environment in ENVIRONMENTS {
            let line = check::app(&receiver, "NEXTJS_URL", status, environment);
            assert!(is(&line, state), "{status:?}: {line:?}");
            assert!(line.detail.contains(says), "{status:?}: {line:?}");
            assert!(line.detail.contains("https://app.example/hook"), "{line:?}");
            assert!(!line.detail.contains("xyz"), "{line:?}");
        }
    }
}

#[test]
fn the_line_of_the_app_names_the_setting_that_is_in_force() {
    let app = ("NEXTJS_URL", "https://app.example");
    let whole = ("WEBHOOK_URL", "https://hooks.example/reelay");
    for (variables, setting, other) in [
        (vec![app], "NEXTJS_URL", ""),
        (vec![app, whole], "WEBHOOK_URL", "NEXTJS_URL"),
        (vec![("NEXTJS_URL", ""), whole], "WEBHOOK_URL", "NEXTJS_URL"),
    ] {
        let config = config_with(&variables).expect("valid settings");
        for status in [None, Some(302), Some(404)] {
            let of = |environment| {
                check::app(
                    &config.webhook_url,
                    config.webhook_setting,
                    status,
                    environment,
                )
            };
            let (local, deployed) = (of(Environment::Development), of(Environment::Production));
            assert_eq!((local.name, deployed.name), (setting, setting));
            let place = format!("orrect {setting} in .dev.vars");
            assert!(local.detail.contains(&place), "{local:?}");
            let place = format!("orrect {setting} in the wrangler configuration and deploy");
            assert!(deployed.detail.contains(&place), "{deployed:?}");
            assert!(
                other.is_empty() || !deployed.detail.contains(other),
                "{deployed:?}"
            );
        }
    }
}

#[test]
fn the_bucket_is_red_without_its_binding_and_while_it_is_silent() {
    assert!(is(&check::bucket(Storage::Answers), CheckState::Ok));
    for (storage, says) in [
        (Storage::NotBound, "r2_buckets"),
        (Storage::Silent, "R2 is enabled"),
    ] {
        let line = check::bucket(storage);
        assert!(is(&line, CheckState::Failed), "{line:?}");
        assert!(line.detail.contains(says), "{line:?}");
    }
}

#[test]
fn a_refused_key_names_the_secret_to_put_and_another_trouble_does_not() {
    for provider in PROVIDERS {
        let line = |tried, environment| check::key(provider.name, tried, environment);
        for environment in ENVIRONMENTS {
            assert!(is(&line(KeyCheck::Accepted, environment), CheckState::Ok));
            let unknown = line(KeyCheck::Unknown("Why.".to_owned()), environment);
            assert!(is(&unknown, CheckState::Unknown) && unknown.detail == "Why.");
            let failed = line(KeyCheck::unanswered(), environment);
            assert!(is(&failed, CheckState::Failed), "{failed:?}");
            assert_eq!((unknown.command, failed.command), (None, None));
        }
        let refused = || KeyCheck::Refused("No.".to_owned());
        let deployed = line(refused(), Environment::Production);
        if provider.name == "demo" {
            assert_eq!(deployed.command, None, "it has no key");
            continue;
        }
        let put = format!("npx wrangler secret put {}", provider.setting);
        let command = deployed.command.clone().unwrap_or_default();
        assert!(
            is(&deployed, CheckState::Failed) && command.starts_with(&put),
            "{deployed:?}"
        );
        assert_eq!(
            command.ends_with("< key.json"),
            provider.setting.ends_with("ACCOUNT")
        );
        let local = line(refused(), Environment::Development);
        assert_eq!(local.command, None);
        let says = format!("No. Replace {} in .dev.vars.", provider.setting);
        assert_eq!(local.detail, says);
    }
}

/// What a list of models says, with this status and body.
fn listed(status: u16, body: &Value) -> KeyCheck {
    let reply = Reply {
        status,
        retry_after: None,
        body: body.to_string().into_bytes(),
        now: 0,
    };
    read_list(Ok(reply), "the API key")
}

#[test]
fn a_list_of_models_says_whether_the_key_is_good() {
    for accepted in [
        json!({ "models": [{ "name": "models/a" }], "nextPageToken": "2" }),
        json!({}),
        json!({ "object": "list", "data": [] }),
    ] {
        assert_eq!(listed(200, &accepted), KeyCheck::Accepted, "{accepted}");
    }
    let error = |code: u16, status: &str, message: &str| json!({ "error": { "code": code, "message": message, "status": status } });
    for (status, body) in [
        (
            400,
            error(
                400,
                "INVALID_ARGUMENT",
                "API key not valid. Please pass a valid API key.",
            ),
        ),
        (401, error(401, "UNAUTHENTICATED", "Bad credentials")),
        (403, error(403, "PERMISSION_DENIED", "Permission denied")),
        (401, json!("<html>")),
    ] {
        let KeyCheck::Refused(sentence) = listed(status, &body) else {
            panic!("{status} {body}")
        };
        assert!(
            sentence.starts_with("The video service refused the API key"),
            "{sentence}"
        );
        let words = body["error"]["message"].as_str().unwrap_or_default();
        assert!(sentence.contains(words.trim_end_matches('.')), "{sentence}");
    }
    for (status, body) in [
        // A gateway without the route, in several ways.
        (404, json!({})),
        (405, json!("Method Not Allowed")),
        (200, json!("<html>")),
        (200, error(404, "NOT_FOUND", "no route")),
        (302, json!({})),
        (
            400,
            error(400, "FAILED_PRECONDITION", "User location is not supported"),
        ),
        (429, error(429, "RESOURCE_EXHAUSTED", "slow down")),
        (503, json!({})),
    ] {
        let told = listed(status, &body);
        let says = format!("HTTP {status}");
        assert!(
            matches!(&told, KeyCheck::Unknown(why) if why.contains(&says)),
            "{body}: {told:?}"
        );
    }
    let lost = read_list(Err(Lost), "the API key");
    assert!(matches!(lost, KeyCheck::Failed(_)), "{lost:?}");
}

#[test]
fn the_last_webhook_is_red_while_the_app_does_not_accept_it() {
    let line = |state, attempts, last_status| {
        let summary = DeliverySummary {
            id: "msg_1".to_owned(),
            kind: EventKind::Completed,
            created_at: 0,
            attempts,
            last_status,
            state,
            redeliveries: 0,
        };
        let key = JobKey::new("u_1".to_owned(), "g_1");
        check::last_webhook(Some(&OwnedDelivery { key, summary }))
    };
    let pending = DeliveryState::Pending { next_at: 1 };
    let exhausted = DeliveryState::Exhausted { at: 1 };
    for (state, attempts, status, expected, says) in [
        (
            DeliveryState::Delivered { at: 1 },
            2,
            Some(204),
            CheckState::Ok,
            "accepted",
        ),
        (pending, 0, None, CheckState::Unknown, "about to be sent"),
        (pending, 1, None, CheckState::Failed, "There was no answer."),
        (
            pending,
            3,
            Some(500),
            CheckState::Failed,
            "The last answer was 500.",
        ),
        (
            exhausted,
            11,
            Some(401),
            CheckState::Failed,
            "WEBHOOK_SECRET may differ",
        ),
        (exhausted, 1, Some(410), CheckState::Failed, "Deliveries"),
    ] {
        let line = line(state, attempts, status);
        assert!(is(&line, expected), "{line:?}");
        assert!(line.detail.contains(says), "{line:?}");
        assert!(
            line.detail.contains("generation.completed of g_1"),
            "{line:?}"
        );
    }
    assert!(is(&check::last_webhook(None), CheckState::Unknown));
    assert!(is(&check::silent_queue("last webhook"), CheckState::Failed));
}

fn is(line: &SetupCheck, state: CheckState) -> bool {
    line.state == state
}
