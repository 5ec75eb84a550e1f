//! The body of an error response.

use reelay::api::field_error::FieldError;
use reelay::api::problem::Problem;
use reelay::config::{ConfigError, ConfigErrors, Environment};
use reelay::machine::queue::{OverBudget, Whose};
use reelay::time::HOUR;
use serde_json::{Value, json};

fn shown(problem: &Problem) -> Value {
    serde_json::to_value(problem.body("r_1")).expect("a problem is JSON")
}

#[test]
fn a_misconfigured_worker_names_every_wrong_setting_and_the_command_that_sets_it() {
    let mut errors = ConfigErrors::default();
    for error in [
        ConfigError::new("JWT_SECRET", "at least 32 bytes long"),
        ConfigError::missing("WEBHOOK_SECRET", "secrets"),
        ConfigError::new("DEMO", "true or false"),
    ] {
        errors.add(error.clone());
        errors.add(error);
    }
    let deployed = shown(&Problem::misconfigured(&errors, Environment::Production));
    let (jwt, webhook, demo) = (
        "must be at least 32 bytes long",
        "must be set to secrets",
        "must be true or false",
    );
    assert_eq!(
        deployed["errors"],
        json!([
            { "setting": "JWT_SECRET", "detail": jwt, "command": "npx wrangler secret put JWT_SECRET" },
            { "setting": "WEBHOOK_SECRET", "detail": webhook, "command": "npx reelay-secrets" },
            { "setting": "DEMO", "detail": demo },
        ])
    );
    assert_eq!(
        deployed["detail"],
        "The worker is misconfigured: the variable JWT_SECRET must be at least 32 bytes long; the \
         variable WEBHOOK_SECRET must be set to secrets; the variable DEMO must be true or false."
    );
    let local = shown(&Problem::misconfigured(&errors, Environment::Development));
    assert_eq!(
        local["errors"],
        json!([
            { "setting": "JWT_SECRET", "detail": jwt },
            { "setting": "WEBHOOK_SECRET", "detail": webhook },
            { "setting": "DEMO", "detail": demo },
        ])
    );
}

#[test]
fn a_problem_carries_the_fields_of_rfc_9457_and_the_apps_own() {
    let problem = Problem::invalid(vec![
        FieldError::field("/prompt", "is required"),
        FieldError::header("X-User-Id", "must name the user"),
        FieldError::parameter("limit", "must be a whole number"),
    ]);
    let sentence = "The request is not valid: /prompt is required; X-User-Id must name the user; limit must be a whole number.";
    assert_eq!(
        shown(&problem),
        json!({
            "type": "urn:reelay:problem:invalid-request",
            "title": "Invalid request",
            "status": 400,
            "detail": sentence,
            "code": "invalid_request",
            "requestId": "r_1",
            "retryable": false,
            "errors": [
                { "pointer": "/prompt", "detail": "is required" },
                { "header": "X-User-Id", "detail": "must name the user" },
                { "parameter": "limit", "detail": "must be a whole number" },
            ],
            "success": false,
            "error": sentence,
        })
    );
}

#[test]
fn what_can_be_tried_again_says_when() {
    for (problem, seconds) in [
        (Problem::queue_full(30_000), 30),
        (Problem::queue_full(1), 1),
        (Problem::too_many_requests(10), 10),
        (Problem::too_many_streams(10), 10),
        (Problem::unavailable(), 2),
    ] {
        assert_eq!(problem.retry_after, Some(seconds));
        assert_eq!(shown(&problem)["retryable"], true);
    }
    for problem in [
        Problem::no_generation(),
        Problem::idempotency_conflict(),
        Problem::too_large(1),
    ] {
        assert_eq!(shown(&problem)["retryable"], false);
    }
}

#[test]
fn an_order_over_the_budget_says_what_it_would_cost_and_when_the_limit_starts_anew() {
    let own = Whose::User {
        limit_micros: 10_000_000,
        left_micros: 400_000,
    };
    for (whose, resets_at, sentence) in [
        (
            own,
            Some(24 * HOUR),
            "This video would cost $3.20, and of today's limit of $10.00 only $0.40 is left; the limit resets at \
             00:00 UTC.",
        ),
        (
            own,
            None,
            "This video would cost $3.20, more than the $10.00 that you may spend in a day.",
        ),
        (
            Whose::Everyone,
            Some(24 * HOUR),
            "This video would cost $3.20, more than is left of today's limit for all users; the limit resets at \
             00:00 UTC.",
        ),
        (
            Whose::Everyone,
            None,
            "This video would cost $3.20, more than may be spent in a day.",
        ),
    ] {
        let problem = Problem::over_budget(
            &OverBudget {
                whose,
                price_micros: 3_200_000,
                resets_at,
            },
            22 * HOUR + 1,
        );
        assert_eq!(problem.retry_after, resets_at.map(|_| 7_200));
        let shown = shown(&problem);
        assert_eq!(
            (&shown["status"], &shown["code"], &shown["error"]),
            (&json!(402), &json!("budget_exceeded"), &json!(sentence))
        );
    }
}

#[test]
fn no_amount_is_shown_smaller_than_the_price_or_larger_than_what_is_left() {
    let whose = Whose::User {
        limit_micros: 1_009_999,
        left_micros: 9_999,
    };
    let over = OverBudget {
        whose,
        price_micros: 1_000_001,
        resets_at: Some(1),
    };
    let sentence = Problem::over_budget(&over, 0).detail;
    assert!(
        sentence
            .starts_with("This video would cost $1.01, and of today's limit of $1.00 only $0.00"),
        "{sentence}"
    );
}

#[test]
fn each_problem_has_its_status() {
    for (problem, status) in [
        (Problem::malformed_json("x"), 400),
        (Problem::unauthorized("x"), 401),
        (Problem::foreign_user(), 403),
        (Problem::no_generation(), 404),
        (Problem::no_video(), 404),
        (Problem::no_route(), 404),
        (Problem::method_not_allowed("GET".to_owned()), 405),
        (Problem::conflict("already_ended", "x"), 409),
        (Problem::too_large(1), 413),
        (Problem::unsupported_media_type(), 415),
        (Problem::range_not_satisfiable(7), 416),
        (Problem::idempotency_conflict(), 422),
        (Problem::queue_full(1), 429),
        (Problem::too_many_requests(10), 429),
        (Problem::too_many_streams(10), 429),
        (
            Problem::misconfigured(&ConfigErrors::default(), Environment::Production),
            500,
        ),
        (Problem::unavailable(), 503),
    ] {
        assert_eq!(shown(&problem)["status"], status);
        assert_eq!(shown(&problem)["success"], false);
    }
}
