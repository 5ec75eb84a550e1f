//! What operators may change, and which of their requests are refused and why.

use crate::requests::{INTAKE, object};
use crate::variables::config_with;
use reelay::api::field_error::FieldError;
use reelay::api::operators::scope::{paused_scope, scope};
use reelay::api::order::request::{Intake, parse};
use reelay::api::settings::changes::changes;
use reelay::api::settings::{LimitOrigin, shown};
use reelay::machine::queue::{Limit, Override, Overrides, Scope};
use reelay::models::{MODELS, PROVIDERS};
use serde_json::{Value, json};

fn names(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(|error| error.name().to_owned()).collect()
}

fn of(provider: &str, model: Option<&str>) -> Scope {
    Scope {
        provider: provider.to_owned(),
        model: model.map(str::to_owned),
    }
}

#[test]
fn a_pause_names_the_whole_queue_a_provider_or_a_model() {
    assert_eq!(scope(&object(json!({}))), Ok(None));
    for provider in PROVIDERS {
        let body = object(json!({ "provider": provider.name }));
        assert_eq!(scope(&body), Ok(Some(of(provider.name, None))));
    }
    for model in MODELS {
        let body = object(json!({ "provider": model.provider, "model": model.id }));
        assert_eq!(scope(&body), Ok(Some(of(model.provider, Some(model.id)))));
    }
}

#[test]
fn an_unknown_provider_model_or_field_is_refused_by_name() {
    for (body, expected) in [
        (json!({ "provider": "vertx" }), "/provider"),
        (json!({ "provider": "google" }), "/provider"),
        (json!({ "provider": null }), "/provider"),
        (json!({ "provider": 7 }), "/provider"),
        (json!({ "provider": "vertex", "model": "veo-9" }), "/model"),
        (json!({ "provider": "vertex", "model": null }), "/model"),
        (json!({ "model": "veo-3.1-generate-001" }), "/provider"),
        (json!({ "providr": "vertex" }), "/providr"),
        (json!({ "a/b": 1 }), "/a~1b"),
    ] {
        let errors = scope(&object(body.clone())).expect_err("not valid");
        assert_eq!(names(&errors), [expected], "{body}");
    }
    let errors = scope(&object(json!({ "provider": "vertx" }))).expect_err("not valid");
    assert!(errors[0].detail.contains("vertex"), "{errors:?}");
}

#[test]
fn what_an_older_version_paused_can_be_resumed() {
    let body = object(json!({ "provider": "gone", "model": "old-1" }));
    let paused = [of("gone", Some("old-1"))];
    assert_eq!(paused_scope(&body, &paused), Ok(Some(paused[0].clone())));
    assert_eq!(
        names(&paused_scope(&body, &[]).expect_err("not paused")),
        ["/provider"]
    );
}

#[test]
fn limits_are_read_by_the_rules_of_their_settings() {
    let body = json!({
        "maxConcurrentJobs": 10, "maxConcurrentJobsPerUser": 1.0, "maxSubmitsPerMinute": null,
        "maxCostPerDay": 12.5, "maxCostPerUserPerDay": 3,
    });
    assert_eq!(
        changes(&object(body)),
        Ok(vec![
            (Limit::MaxConcurrentJobs, Some(10)),
            (Limit::MaxConcurrentJobsPerUser, Some(1)),
            (Limit::MaxSubmitsPerMinute, None),
            (Limit::MaxCostPerDay, Some(12_500_000)),
            (Limit::MaxCostPerUserPerDay, Some(3_000_000)),
        ])
    );
}

#[test]
fn a_bad_limit_has_the_sentence_of_its_setting() {
    for (name, variable, bad) in [
        ("maxConcurrentJobs", "MAX_CONCURRENT_JOBS", json!(0)),
        ("maxConcurrentJobs", "MAX_CONCURRENT_JOBS", json!(-3)),
        ("maxConcurrentJobs", "MAX_CONCURRENT_JOBS", json!("10")),
        (
            "maxConcurrentJobsPerUser",
            "MAX_CONCURRENT_JOBS_PER_USER",
            json!(1_001),
        ),
        ("maxSubmitsPerMinute", "MAX_SUBMITS_PER_MINUTE", json!(2.5)),
        ("maxCostPerDay", "MAX_COST_PER_DAY", json!(-1)),
        ("maxCostPerDay", "MAX_COST_PER_DAY", json!(1e300)),
        (
            "maxCostPerUserPerDay",
            "MAX_COST_PER_USER_PER_DAY",
            json!(true),
        ),
    ] {
        let error = config_with(&[(variable, "?")]).expect_err("no value");
        let errors = changes(&object(json!({ name: bad }))).expect_err("not valid");
        let detail = format!("must be {}, or null for the setting", error.wanted);
        assert_eq!(
            errors,
            [FieldError::field(format!("/{name}"), detail)],
            "{bad}"
        );
    }
}

#[test]
fn every_wrong_limit_is_named_and_a_change_of_nothing_is_refused() {
    let body = json!({ "maxConcurrentJobs": 0, "maxCostPerDay": 0, "maxQueueLength": 5 });
    assert_eq!(
        names(&changes(&object(body)).expect_err("not valid")),
        ["/maxQueueLength", "/maxConcurrentJobs", "/maxCostPerDay"]
    );
    let errors = changes(&object(json!({}))).expect_err("nothing");
    assert!(errors[0].detail.contains("maxConcurrentJobs"), "{errors:?}");
}

#[test]
fn a_limit_is_shown_with_its_origin_and_its_setting() {
    let config = config_with(&[
        ("MAX_CONCURRENT_JOBS", "5"),
        ("MAX_COST_PER_USER_PER_DAY", "2.5"),
    ])
    .expect("valid settings");
    let mut overrides = Overrides::default();
    overrides.set(Override {
        limit: Limit::MaxConcurrentJobs,
        value: 2,
        changed_by: "ADMIN_KEY".to_owned(),
        changed_at: 0,
    });
    let shown = serde_json::to_value(shown(&config, &overrides)).expect("JSON");
    let setting = |name: &str, setting: &str, value: Value, own: Value| json!({ "name": name, "setting": setting, "value": value, "origin": "setting", "settingValue": own });
    assert_eq!(
        shown,
        json!([
            {
                "name": "maxConcurrentJobs", "setting": "MAX_CONCURRENT_JOBS", "value": 2,
                "origin": "runtime", "settingValue": 5, "changedBy": "ADMIN_KEY",
                "changedAt": "1970-01-01T00:00:00.000Z",
            },
            setting("maxConcurrentJobsPerUser", "MAX_CONCURRENT_JOBS_PER_USER", json!(2), json!(null)),
            setting("maxSubmitsPerMinute", "MAX_SUBMITS_PER_MINUTE", json!(null), json!(null)),
            setting("maxCostPerDay", "MAX_COST_PER_DAY", json!(null), json!(null)),
            setting("maxCostPerUserPerDay", "MAX_COST_PER_USER_PER_DAY", json!(2.5), json!(2.5)),
        ])
    );
    assert_eq!(
        serde_json::to_value(LimitOrigin::Runtime).expect("JSON"),
        "runtime"
    );
}

#[test]
fn a_priority_above_the_callers_is_refused_with_the_limit_and_how_to_raise_it() {
    let intake = Intake {
        max_priority: 3,
        ..INTAKE
    };
    for (body, pointer) in [
        (json!({ "prompt": "a dog", "priority": 4 }), "/priority"),
        (
            json!({ "prompt": "a dog", "parameters": { "priority": 10 } }),
            "/parameters/priority",
        ),
    ] {
        let errors = parse(&object(body), intake).expect_err("too high");
        let [error] = errors.as_slice() else {
            panic!("not one error: {errors:?}")
        };
        assert_eq!(error.name(), pointer);
        for words in ["at most 3", "MAX_USER_PRIORITY", "maxPriority"] {
            assert!(error.detail.contains(words), "{}", error.detail);
        }
    }
    for fine in [0, 3] {
        let body = object(json!({ "prompt": "a dog", "priority": fine }));
        assert!(parse(&body, intake).is_ok(), "{fine}");
    }
    let beyond = object(json!({ "prompt": "a dog", "priority": 11 }));
    let errors = parse(&beyond, intake).expect_err("no priority");
    assert_eq!(errors.len(), 1, "{errors:?}");
}
