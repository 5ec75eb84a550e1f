//! The demo's answers, and its place among the models.

use crate::requests::accepted;
use reelay::machine::job::{Progress, RenderOptions};
use reelay::machine::outcome::{ErrorCode, Outcome, Trouble};
use reelay::models::{Aliases, Catalogue, MODELS, NotOffered, PROVIDERS};
use reelay::time::{Millis, SECOND};
use reelay::upstream::demo::render;
use reelay::upstream::render_request::RenderRequest;
use serde_json::json;
use std::path::Path;

const NOW: Millis = 1_800_000_000_000;

fn submit(prompt: &str, seconds: u32, ratio: &str) -> Outcome<String> {
    let options = RenderOptions {
        duration_seconds: seconds,
        aspect_ratio: ratio.to_owned(),
        ..RenderOptions::default()
    };
    let request = RenderRequest {
        model: "demo",
        prompt,
        options: &options,
        images: &[],
        webhook: None,
    };
    render::submit(&request, NOW)
}

fn code<T: std::fmt::Debug>(outcome: Outcome<T>) -> ErrorCode {
    match outcome {
        Err(Trouble::Refused(failure)) => failure.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_render_takes_as_long_as_its_video_and_then_is_an_asset_that_exists() {
    let model = MODELS
        .iter()
        .find(|model| model.id == "demo")
        .expect("the demo");
    for seconds in model.durations {
        for ratio in model.aspect_ratios {
            let operation = submit("a boat", *seconds, ratio).expect("accepted");
            let end = NOW + Millis::from(*seconds) * SECOND;
            assert_eq!(render::poll(&operation, end - 1), Ok(Progress::Running));
            let Ok(Progress::Ready { uri, cost_micros }) = render::poll(&operation, end) else {
                panic!("{operation} is ready")
            };
            assert_eq!(cost_micros, Some(0));
            let file = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("assets")
                .join(&uri[1..]);
            let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{uri}: {error}"));
            assert_eq!(&bytes[4..8], b"ftyp", "{uri} is an MP4");
        }
    }
}

#[test]
fn words_in_brackets_make_it_fail_on_purpose() {
    for (prompt, expected) in [
        ("a boat [refused]", ErrorCode::ProviderRejectedContent),
        ("[rate-limited] a boat", ErrorCode::ProviderRateLimited),
        ("a [unavailable] boat", ErrorCode::ProviderUnavailable),
    ] {
        assert_eq!(code(submit(prompt, 4, "16:9")), expected, "{prompt}");
    }
    let slow = submit("a boat [slow]", 4, "16:9").expect("accepted");
    assert_eq!(
        render::poll(&slow, NOW + 119 * SECOND),
        Ok(Progress::Running)
    );
    assert!(matches!(
        render::poll(&slow, NOW + 120 * SECOND),
        Ok(Progress::Ready { .. })
    ));
    let filtered = submit("a boat [filtered]", 4, "16:9").expect("accepted");
    assert_eq!(render::poll(&filtered, NOW), Ok(Progress::Running));
    let verdict = render::poll(&filtered, NOW + 4 * SECOND);
    assert_eq!(code(verdict), ErrorCode::ProviderRejectedContent);
    for word in ["refused", "[other]", "[Slow]"] {
        let operation = submit(word, 4, "16:9").expect(word);
        assert!(render::poll(&operation, NOW + 4 * SECOND).is_ok(), "{word}");
    }
    assert_eq!(code(render::poll("not ours", NOW)), ErrorCode::Internal);
}

fn catalogue<'a>(providers: &'a [&'static str], aliases: &'a Aliases) -> Catalogue<'a> {
    Catalogue {
        providers,
        aliases,
        default_model: None,
        submits_per_minute: None,
        now: NOW,
    }
}

#[test]
fn it_is_chosen_by_name_only_while_another_provider_is_configured() {
    let aliases = Aliases::default();
    for other in PROVIDERS.iter().filter(|provider| provider.name != "demo") {
        let both = [other.name, "demo"];
        let offered = catalogue(&both, &aliases);
        let default = offered.default().expect("a model");
        assert_ne!(default.provider, "demo", "{}", other.name);
        assert_eq!(
            offered.find(None, Some("demo")).map(|model| model.id),
            Ok("demo")
        );
        assert_eq!(
            offered.find(Some("demo"), None).map(|model| model.id),
            Ok("demo")
        );
    }
    let alone = catalogue(&["demo"], &aliases);
    assert_eq!(alone.default().map(|model| model.id), Some("demo"));
}

#[test]
fn an_order_for_what_is_not_configured_says_which_setting_it_needs() {
    let aliases = Aliases::default();
    let catalogue = catalogue(&["omni"], &aliases);
    for (provider, model, expected) in [
        (None, Some("demo"), "(it needs DEMO=true)"),
        (Some("demo"), None, "(it needs DEMO=true)"),
        (
            None,
            Some("veo-3.1-generate-001"),
            "(it needs VEO3_API_KEY or VERTEX_SERVICE_ACCOUNT)",
        ),
        (Some("vertex"), None, "(it needs VERTEX_SERVICE_ACCOUNT)"),
    ] {
        let (NotOffered::Provider(sentence) | NotOffered::Model(sentence)) =
            catalogue.find(provider, model).expect_err("not configured")
        else {
            panic!("{provider:?} {model:?} is retired")
        };
        assert!(sentence.contains(expected), "{sentence}");
        assert!(sentence.contains("must be one of"), "{sentence}");
    }
    let Err(NotOffered::Model(sentence)) = catalogue.find(None, Some("veo-9")) else {
        panic!("unknown")
    };
    assert!(sentence.starts_with("must be one of"), "{sentence}");
}

#[test]
fn its_price_is_zero() {
    let request = accepted(json!({ "prompt": "a boat", "model": "demo" }));
    assert_eq!(request.terms.price_micros, 0);
    assert_eq!(request.terms.upstream(), "demo/demo");
}
