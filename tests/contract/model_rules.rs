//! What each model takes and costs.

use crate::requests::{accepted, refused};
use reelay::models::{DEFAULT_MODEL, MODELS, Wish, find, render_options};
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn every_model_accepts_its_own_defaults() {
    for model in MODELS {
        let (options, price) = render_options(model, Wish::default()).expect("defaults");
        assert_eq!((options.duration_seconds, options.resolution.as_str()), (8, "720p"), "{}", model.id);
        assert!(price > 0 && model.usual_render_ms > 0, "{}", model.id);
    }
}

#[test]
fn ids_are_unique_and_the_default_is_one_of_them() {
    let ids: BTreeSet<&str> = MODELS.iter().map(|model| model.id).collect();
    assert_eq!(ids.len(), MODELS.len());
    assert!(ids.contains(DEFAULT_MODEL));
}

#[test]
fn every_offered_combination_is_granted_and_priced_by_the_second() {
    for model in MODELS {
        for resolution in model.resolutions {
            for duration in resolution.durations {
                assert!(model.durations.contains(duration), "{} {}", model.id, resolution.name);
                let wish =
                    Wish { duration: Some(*duration), resolution: Some(resolution.name.to_owned()), ..Wish::default() };
                let (_, price) = render_options(model, wish).expect("offered");
                assert_eq!(price, u64::from(*duration) * resolution.price_micros_per_second);
            }
        }
    }
}

#[test]
fn large_pictures_need_full_length() {
    for (resolution, duration, fine) in
        [("1080p", 8, true), ("4k", 8, true), ("1080p", 6, false), ("4k", 4, false), ("720p", 4, true)]
    {
        let parameters = json!({ "resolution": resolution, "duration": duration });
        let body = json!({ "prompt": "a dog", "parameters": parameters });
        if fine {
            assert_eq!(accepted(body).render.resolution, resolution);
        } else {
            assert_eq!(refused(body), ["/parameters/resolution"]);
        }
    }
}

#[test]
fn the_lite_model_has_no_4k() {
    let body =
        json!({ "prompt": "a dog", "model": "veo-3.1-lite-generate-preview", "parameters": { "quality": "4k" } });
    assert_eq!(refused(body), ["/parameters/quality"]);
}

#[test]
fn a_cost_is_the_list_price_of_what_was_asked() {
    for (model, parameters, micros) in [
        ("veo-3.1-generate-001", json!({}), 3_200_000),
        ("veo-3.1-generate-001", json!({ "duration": 4 }), 1_600_000),
        ("veo-3.1-generate-preview", json!({ "resolution": "4k" }), 4_800_000),
        ("veo-3.1-fast-generate-001", json!({ "resolution": "1080p" }), 960_000),
        ("veo-3.1-lite-generate-preview", json!({}), 400_000),
    ] {
        let request = accepted(json!({ "prompt": "a dog", "model": model, "parameters": parameters }));
        assert_eq!(request.price_micros, micros, "{model} {parameters}");
    }
}

#[test]
fn optional_wishes_reach_the_model() {
    let request = accepted(json!({ "prompt": "a dog", "parameters": {
        "seed": 4_294_967_295_u32, "negativePrompt": "rain", "personGeneration": "allow_adult",
    } }));
    assert_eq!(request.render.seed, Some(u32::MAX));
    assert_eq!(request.render.negative_prompt.as_deref(), Some("rain"));
    assert_eq!(request.render.person_generation.as_deref(), Some("allow_adult"));
    assert_eq!(
        refused(json!({ "prompt": "a dog", "parameters": { "seed": 4_294_967_296_u64 } })),
        ["/parameters/seed"]
    );
}

#[test]
fn the_apps_word_google_means_the_same_provider() {
    for provider in [None, Some("google"), Some("veo3")] {
        assert_eq!(find(provider, None, DEFAULT_MODEL).expect("known").id, DEFAULT_MODEL);
    }
    for unknown in ["vertex", "omni", "Google", ""] {
        assert!(find(Some(unknown), None, DEFAULT_MODEL).is_err(), "{unknown}");
    }
}
