//! The receivers of webhooks, and addresses whose hosts are in any script.

use crate::variables::config_with;
use reelay::config::Config;
use reelay::machine::delivery::{Delivery, DeliveryState, EventKind, Receipt};
use reelay::time::{Millis, Moment, SECOND};

fn receiver(variables: &[(&str, &str)]) -> String {
    config_with(variables)
        .expect("valid settings")
        .webhook_url
        .to_string()
}

/// Settings in which only `variable` names the receiver.
fn only(variable: &str, value: &str) -> Result<Config, reelay::variables::ConfigError> {
    config_with(&[("NEXTJS_URL", ""), (variable, value)])
}

#[test]
fn webhooks_go_below_the_app_however_its_address_is_written() {
    for (app, expected) in [
        (
            "https://app.example",
            "https://app.example/api/webhooks/worker",
        ),
        (
            "https://app.example/",
            "https://app.example/api/webhooks/worker",
        ),
        (
            " https://APP.Example:8443/base/ ",
            "https://app.example:8443/base/api/webhooks/worker",
        ),
        (
            "https://app.example/base",
            "https://app.example/base/api/webhooks/worker",
        ),
        (
            "https://app.example/api/webhooks/worker",
            "https://app.example/api/webhooks/worker",
        ),
        (
            "https://app.example/api/webhooks/worker/",
            "https://app.example/api/webhooks/worker/",
        ),
        (
            "http://localhost:3000",
            "http://localhost:3000/api/webhooks/worker",
        ),
    ] {
        assert_eq!(receiver(&[("NEXTJS_URL", app)]), expected, "{app}");
    }
}

#[test]
fn a_whole_address_is_taken_as_it_is_and_wins() {
    for whole in [
        "https://app.example/api/webhooks/worker/",
        "https://hooks.example/reelay",
        "https://app.example/hook?x-vercel-protection-bypass=a%20b&team=1",
        "https://app.example/",
        "http://127.0.0.1:3000/a/",
    ] {
        assert_eq!(receiver(&[("WEBHOOK_URL", whole)]), whole);
        assert_eq!(
            only("WEBHOOK_URL", whole)
                .expect(whole)
                .webhook_url
                .as_str(),
            whole
        );
    }
}

#[test]
fn an_address_that_cannot_be_a_receivers_is_named_even_if_the_other_would_do() {
    for bad in [
        "app-xyz",
        "app-xyz.example.com/hook",
        "http://app-xyz.example.com/hook",
        "ftp://app-xyz.example.com/hook",
        "https://user-xyz@app.example.com/hook",
        "https://user:xyz@app.example.com/hook",
        "https://app.example.com/hook#xyz",
        "https://app xyz.example.com/hook",
        "https://app-xyz.exa\u{ad}%mple.com/hook",
        "https:///",
    ] {
        let error = config_with(&[("WEBHOOK_URL", bad)]).expect_err(bad);
        assert_eq!(error.variable, "WEBHOOK_URL", "{bad}");
        assert!(!error.to_string().contains("xyz"), "{error}");
        let other = config_with(&[("WEBHOOK_URL", "https://app.example/"), ("NEXTJS_URL", bad)]);
        assert!(
            bad == "https:///" || other.is_err_and(|error| error.variable == "NEXTJS_URL"),
            "{bad}"
        );
    }
    let query = config_with(&[("NEXTJS_URL", "https://app.example/?a=1")]).expect_err("a query");
    assert!(query.to_string().contains("WEBHOOK_URL"), "{query}");
}

#[test]
fn one_of_both_is_needed() {
    let error = config_with(&[("NEXTJS_URL", " ")]).expect_err("no receiver");
    assert_eq!(error.variable, "NEXTJS_URL");
    assert!(error.to_string().contains("WEBHOOK_URL"), "{error}");
}

#[test]
fn tls_may_be_left_out_in_development_and_for_the_own_machine() {
    let plain = ("WEBHOOK_URL", "http://app.internal:3000/hook");
    assert!(config_with(&[plain]).is_err());
    assert_eq!(receiver(&[plain, ("ENVIRONMENT", "development")]), plain.1);
}

#[test]
fn a_host_in_any_script_is_its_punycode_in_every_variable() {
    for (host, expected) in [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.Example", "xn--bcher-kva.example"),
        ("bu\u{308}cher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("💩.example", "xn--ls8h.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("app。example", "app.example"),
    ] {
        let url = format!("https://{host}:8443");
        let config = config_with(&[
            ("NEXTJS_URL", &url),
            ("PUBLIC_URL", &url),
            ("CORS_ORIGINS", &url),
            ("VEO3_API_URL", &url),
            ("GEMINI_API_URL", &url),
        ])
        .unwrap_or_else(|error| panic!("{host}: {error}"));
        let expected = format!("https://{expected}:8443");
        assert_eq!(
            config.webhook_url.as_str(),
            format!("{expected}/api/webhooks/worker")
        );
        assert_eq!(config.public_url.as_deref(), Some(expected.as_str()));
        assert_eq!(config.cors_origins, std::slice::from_ref(&expected));
        let whole = receiver(&[("WEBHOOK_URL", &format!("{url}/hook/?q=ü"))]);
        assert_eq!(whole, format!("{expected}/hook/?q=%C3%BC"));
    }
}

#[test]
fn a_host_that_is_none_is_an_error_of_its_variable() {
    for host in [
        "bü cher.example",
        "xn--\u{fc}.example",
        "ü^.example",
        "a\u{200b}<.example",
    ] {
        for variable in [
            "NEXTJS_URL",
            "WEBHOOK_URL",
            "PUBLIC_URL",
            "CORS_ORIGINS",
            "VEO3_API_URL",
        ] {
            let error = config_with(&[(variable, &format!("https://{host}"))]).expect_err(host);
            assert_eq!(error.variable, variable, "{host}");
        }
    }
}

#[test]
fn a_receiver_that_was_down_for_up_to_52_seconds_is_tried_again_within_60_seconds_of_its_return_i5()
{
    let schedule = config_with(&[])
        .expect("valid settings")
        .job
        .webhook_schedule;
    for down in 1..=52 {
        let back = down * SECOND;
        for seed in 0..200_u64 {
            let waited =
                attempt_after(back, seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), &schedule) - back;
            assert!(
                waited <= 60 * SECOND,
                "down for {down} s, first attempt {waited} ms after its return"
            );
        }
    }
}

/// When the first attempt at or after `back` is made, if all before it fail immediately.
fn attempt_after(back: Millis, mut random: u64, schedule: &[Millis]) -> Millis {
    let mut delivery = Delivery::new(
        EventKind::Completed,
        1,
        Moment { now: 0, random: 1 },
        schedule,
    );
    loop {
        let DeliveryState::Pending { next_at } = delivery.state else {
            panic!("the delivery is exhausted")
        };
        if next_at >= back {
            return next_at;
        }
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let moment = Moment {
            now: next_at,
            random: u128::from(random) << 64 | u128::from(random),
        };
        delivery.attempted(
            Receipt::Failed {
                status: None,
                retry_after: None,
            },
            moment,
            schedule,
        );
    }
}

#[test]
fn the_schedule_gives_up_after_more_than_a_day_and_eleven_attempts() {
    let schedule = config_with(&[])
        .expect("valid settings")
        .job
        .webhook_schedule;
    assert_eq!(
        (schedule.len(), schedule.iter().sum::<Millis>()),
        (11, 99_485 * SECOND)
    );
}
