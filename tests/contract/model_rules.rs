//! What each model accepts and costs.

use crate::requests::{CATALOGUE, INTAKE, accepted, object, parsed, refused};
use chrono::DateTime;
use reelay::api::openapi::document;
use reelay::api::order::request::{Intake, parse};
use reelay::api::problem::Problem;
use reelay::models::{Aliases, Audio, Catalogue, MODELS, Model, NotOffered, PROVIDERS};
use reelay::upstream::REGISTRY;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn served() -> Vec<&'static Model> {
    CATALOGUE.models().collect()
}

#[test]
fn every_model_accepts_its_own_defaults() {
    for model in served() {
        let request =
            accepted(json!({ "prompt": "a dog", "provider": model.provider, "model": model.id }));
        let render = &request.order.render;
        assert_eq!(
            (render.duration_seconds, render.resolution.as_str()),
            (model.default_duration, "720p"),
            "{}",
            model.id
        );
        let is_free = model.provider == "demo";
        assert!(
            (request.terms.price_micros > 0) != is_free
                && model.usual_render_ms > 0
                && model.requests_per_minute > 0,
            "{}",
            model.id
        );
    }
}

#[test]
fn each_provider_has_an_id_once_and_every_provider_of_the_table_can_be_set_up() {
    let ids: BTreeSet<(&str, &str)> = MODELS
        .iter()
        .map(|model| (model.provider, model.id))
        .collect();
    assert_eq!(ids.len(), MODELS.len());
    let registered: Vec<&str> = REGISTRY
        .iter()
        .map(|registration| registration.name)
        .collect();
    assert_eq!(
        registered,
        PROVIDERS
            .iter()
            .map(|provider| provider.name)
            .collect::<Vec<_>>()
    );
    assert!(
        MODELS
            .iter()
            .all(|model| registered.contains(&model.provider))
    );
}

#[test]
fn every_end_is_a_date_with_a_successor_that_is_served() {
    for model in MODELS.iter().filter(|model| model.retires_at.is_some()) {
        assert!(
            model
                .retires_at
                .is_some_and(|at| DateTime::parse_from_rfc3339(at).is_ok()),
            "{}",
            model.id
        );
        let replacement = model.replacement.expect("a replacement");
        assert!(
            MODELS
                .iter()
                .any(|other| other.id == replacement && other.retires_at.is_none()),
            "{}",
            model.id
        );
    }
}

#[test]
fn every_offered_combination_is_granted_and_priced_by_the_second() {
    for model in served() {
        for resolution in model.resolutions {
            for duration in resolution.durations {
                assert!(
                    model.durations.contains(duration),
                    "{} {}",
                    model.id,
                    resolution.name
                );
                let request = accepted(json!({
                    "prompt": "a dog", "provider": model.provider, "model": model.id, "duration": duration,
                    "resolution": resolution.name,
                }));
                let price = request.terms.price_micros;
                assert_eq!(
                    price,
                    u64::from(*duration) * resolution.price_micros_per_second
                );
            }
        }
    }
}

#[test]
fn large_pictures_need_full_length() {
    for (resolution, duration, fine) in [
        ("1080p", 8, true),
        ("4k", 8, true),
        ("1080p", 6, false),
        ("4k", 4, false),
        ("720p", 4, true),
    ] {
        let parameters = json!({ "resolution": resolution, "duration": duration });
        let body = json!({ "prompt": "a dog", "parameters": parameters });
        if fine {
            assert_eq!(accepted(body).order.render.resolution, resolution);
        } else {
            assert_eq!(refused(body), ["/parameters/resolution"]);
        }
    }
}

#[test]
fn a_quality_is_a_resolution_in_other_words() {
    for (quality, resolution) in [
        ("standard", "720p"),
        ("high", "1080p"),
        ("High", "1080p"),
        ("ultra", "4k"),
        ("720p", "720p"),
        ("4K", "4k"),
    ] {
        for order in [
            json!({ "prompt": "a dog", "quality": quality }),
            json!({ "prompt": "a dog", "parameters": { "quality": quality } }),
        ] {
            assert_eq!(
                accepted(order).order.render.resolution,
                resolution,
                "{quality}"
            );
        }
    }
    for bad in ["low", "hd", "", "best"] {
        assert_eq!(
            refused(json!({ "prompt": "a dog", "quality": bad })),
            ["/quality"],
            "{bad}"
        );
    }
    let short = json!({ "prompt": "a dog", "parameters": { "quality": "high", "duration": 4 } });
    let errors = parsed(short).expect_err("too short");
    assert_eq!((errors.len(), errors[0].name()), (1, "/parameters/quality"));
    assert_eq!(
        errors[0].detail,
        "1080p needs a duration of 8 seconds, not 4"
    );
}

#[test]
fn the_lite_model_has_no_4k() {
    let body = json!({ "prompt": "a dog", "model": "veo-3.1-lite-generate-001", "parameters": { "quality": "4k" } });
    assert_eq!(refused(body), ["/parameters/quality"]);
}

#[test]
fn a_cost_is_the_list_price_of_what_was_asked() {
    for (model, parameters, micros) in [
        ("veo-3.1-generate-001", json!({}), 3_200_000),
        ("veo-3.1-generate-001", json!({ "duration": 4 }), 1_600_000),
        (
            "veo-3.1-generate-001",
            json!({ "resolution": "4k" }),
            4_800_000,
        ),
        (
            "veo-3.1-fast-generate-001",
            json!({ "resolution": "1080p" }),
            960_000,
        ),
        ("veo-3.1-lite-generate-001", json!({}), 400_000),
        (
            "gemini-omni-1.2-flash",
            json!({ "duration": 15, "resolution": "360p" }),
            450_000,
        ),
        (
            "gemini-omni-1.1-flash",
            json!({ "duration": 3, "resolution": "4K" }),
            900_000,
        ),
    ] {
        let request =
            accepted(json!({ "prompt": "a dog", "model": model, "parameters": parameters }));
        assert_eq!(request.terms.price_micros, micros, "{model} {parameters}");
    }
}

#[test]
fn optional_wishes_reach_the_model() {
    let request = accepted(
        json!({ "prompt": "a dog", "provider": "vertex", "parameters": {
        "seed": 4_294_967_295_u32, "negativePrompt": "rain", "personGeneration": "allow_adult", "generateAudio": false,
    } }),
    );
    assert_eq!(request.order.render.seed, Some(u32::MAX));
    assert_eq!(
        request.order.render.negative_prompt.as_deref(),
        Some("rain")
    );
    assert_eq!(
        request.order.render.person_generation.as_deref(),
        Some("allow_adult")
    );
    assert_eq!(request.order.render.audio, Some(false));
    assert_eq!(
        refused(json!({ "prompt": "a dog", "parameters": { "seed": 4_294_967_296_u64 } })),
        ["/parameters/seed"]
    );
}

#[test]
fn what_a_model_does_not_take_is_named() {
    for (model, parameters, pointer) in [
        (
            "gemini-omni-1.2-flash",
            json!({ "negativePrompt": "rain" }),
            "/parameters/negativePrompt",
        ),
        (
            "gemini-omni-1.1-flash",
            json!({ "seed": 1 }),
            "/parameters/seed",
        ),
        (
            "gemini-omni-1.2-flash",
            json!({ "seed": 1 }),
            "/parameters/seed",
        ),
        (
            "gemini-omni-1.1-flash",
            json!({ "duration": 11 }),
            "/parameters/duration",
        ),
        (
            "gemini-omni-1.2-flash",
            json!({ "duration": 16 }),
            "/parameters/duration",
        ),
        (
            "gemini-omni-1.2-flash",
            json!({ "personGeneration": "allow_all" }),
            "/parameters/personGeneration",
        ),
        (
            "gemini-omni-1.2-flash",
            json!({ "generateAudio": false }),
            "/parameters/generateAudio",
        ),
        (
            "veo-3.1-generate-001",
            json!({ "duration": 5 }),
            "/parameters/duration",
        ),
        (
            "veo-3.1-generate-001",
            json!({ "generateAudio": "no" }),
            "/parameters/generateAudio",
        ),
        (
            "veo-3.1-generate-001",
            json!({ "video": { "uri": "x" } }),
            "/parameters/video",
        ),
    ] {
        let body = json!({ "prompt": "a dog", "model": model, "parameters": parameters });
        assert_eq!(refused(body), [pointer], "{model} {parameters}");
    }
}

#[test]
fn a_retired_model_names_its_successor_unless_the_operator_has_mapped_it() {
    for (id, successor) in [
        ("veo-3.1-generate-preview", "veo-3.1-generate-001"),
        ("veo-3.0-fast-generate-001", "veo-3.1-fast-generate-001"),
        ("gemini-omni-flash-preview", "gemini-omni-1.2-flash"),
    ] {
        let offence = CATALOGUE.find(None, Some(id)).expect_err(id);
        let NotOffered::Retired(detail) = &offence else {
            panic!("{offence:?}")
        };
        assert!(
            detail.contains("was retired by its provider on 2026-"),
            "{detail}"
        );
        assert!(detail.contains(successor), "{detail}");
        let aliases = Aliases::parse(&format!("{id}={successor}")).expect("aliases");
        let mapped = Catalogue {
            aliases: &aliases,
            ..CATALOGUE
        }
        .find(None, Some(id))
        .expect("mapped");
        assert_eq!(mapped.id, successor);
    }
    let earlier = Catalogue {
        now: 1_767_225_600_000,
        ..CATALOGUE
    };
    assert!(
        earlier.find(None, Some("veo-3.1-generate-preview")).is_ok(),
        "the model was available in January"
    );
    let errors =
        parsed(json!({ "prompt": "a dog", "model": "veo-2.0-generate-001" })).expect_err("retired");
    assert_eq!((errors.len(), errors[0].name()), (1, "/model"));
    assert_eq!(Problem::invalid(errors).code, "model_retired");
}

#[test]
fn the_apps_words_mean_whoever_is_set_up() {
    let found = |providers: &[&'static str], provider: Option<&str>, model: Option<&str>| {
        let found = Catalogue {
            providers,
            ..CATALOGUE
        }
        .find(provider, model);
        found
            .map(|model| (model.provider, model.id))
            .map_err(|error| match error {
                NotOffered::Provider(_) => "provider",
                NotOffered::Model(_) => "model",
                NotOffered::Retired(_) => "retired",
            })
    };
    let veo = "veo-3.1-generate-001";
    for word in [None, Some("google"), Some("veo3")] {
        assert_eq!(
            found(&["veo3", "vertex", "omni"], word, None),
            Ok(("veo3", veo))
        );
        assert_eq!(found(&["vertex", "omni"], word, None), Ok(("vertex", veo)));
        assert_eq!(
            found(&["vertex", "omni"], word, Some(veo)),
            Ok(("vertex", veo))
        );
    }
    assert_eq!(
        found(&["omni"], Some("google"), None),
        Ok(("omni", "gemini-omni-1.2-flash"))
    );
    assert_eq!(
        found(&["vertex", "omni"], Some("omni"), None),
        Ok(("omni", "gemini-omni-1.2-flash"))
    );
    assert_eq!(found(&["omni"], Some("veo3"), None), Err("provider"));
    assert_eq!(found(&["omni"], None, Some(veo)), Err("model"));
    assert_eq!(
        found(&["vertex", "omni"], Some("omni"), Some(veo)),
        Err("model")
    );
    for unknown in ["Google", "", "openai"] {
        assert_eq!(
            found(&["veo3"], Some(unknown), None),
            Err("provider"),
            "{unknown}"
        );
    }
}

#[test]
fn the_operators_default_counts_where_the_provider_has_it() {
    let catalogue = Catalogue {
        default_model: Some("gemini-omni-1.1-flash"),
        ..CATALOGUE
    };
    assert_eq!(
        catalogue.find(None, None).map(|model| model.id),
        Ok("gemini-omni-1.1-flash")
    );
    assert_eq!(
        catalogue.find(Some("vertex"), None).map(|model| model.id),
        Ok("veo-3.1-generate-001")
    );
    assert_eq!(
        catalogue.default().map(|model| model.id),
        Some("gemini-omni-1.1-flash")
    );
    for providers in [&["vertex"][..], &["omni"][..]] {
        for default_model in [None, Some("gemini-omni-1.1-flash")] {
            let catalogue = Catalogue {
                providers,
                default_model,
                ..CATALOGUE
            };
            let shown = catalogue.default().map(|model| model.id);
            assert_eq!(
                shown,
                catalogue.find(None, None).map(|model| model.id).ok(),
                "{providers:?} {default_model:?}"
            );
            assert!(shown.is_some(), "{providers:?} {default_model:?}");
        }
    }
}

#[test]
fn what_the_registry_says_of_a_model_reaches_its_order() {
    let request = accepted(json!({ "prompt": "a dog", "provider": "omni" }));
    assert_eq!(
        (
            request.terms.submits_per_minute,
            request.terms.cancellable,
            request.terms.usual_render
        ),
        (Some(10), true, 25_000)
    );
    let request = accepted(json!({ "prompt": "a dog", "provider": "vertex" }));
    assert_eq!(
        (request.terms.submits_per_minute, request.terms.cancellable),
        (Some(50), false)
    );
    assert_eq!(request.order.render.audio, Some(true));
}

#[test]
fn an_order_is_told_of_its_render_where_webhooks_are_set_up_and_its_wire_has_them() {
    for (provider, has_webhooks) in [("veo3", true), ("omni", true), ("vertex", false)] {
        for webhooks in [true, false] {
            let body = object(json!({ "prompt": "a dog", "provider": provider }));
            let parsed = parse(&body, Intake { webhooks, ..INTAKE }).expect("valid");
            assert_eq!(
                parsed.request.terms.wants_webhook,
                has_webhooks && webhooks,
                "{provider}"
            );
        }
    }
}

#[test]
fn the_operators_limit_a_minute_counts_instead_of_the_models() {
    let catalogue = Catalogue {
        submits_per_minute: Some(300),
        ..CATALOGUE
    };
    let parsed = parse(
        &object(json!({ "prompt": "a dog", "provider": "omni" })),
        Intake {
            catalogue,
            ..INTAKE
        },
    );
    assert_eq!(
        parsed.expect("valid").request.terms.submits_per_minute,
        Some(300)
    );
}

#[test]
fn what_the_app_reads_of_a_model_has_the_names_of_the_documentation() {
    let shown = serde_json::to_value(
        served()
            .iter()
            .find(|model| model.id == "gemini-omni-1.1-flash")
            .expect("a model"),
    )
    .expect("JSON");
    let names: BTreeSet<&str> = shown
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let described = &document()["components"]["schemas"]["Model"]["required"];
    assert_eq!(
        names,
        described
            .as_array()
            .expect("names")
            .iter()
            .filter_map(Value::as_str)
            .collect()
    );
    // Existing apps read these fields.
    let promised = [
        "aspectRatios",
        "audio",
        "cancellable",
        "defaultDuration",
        "durations",
        "id",
        "inputs",
        "name",
        "negativePrompt",
        "personGeneration",
        "provider",
        "requestsPerMinute",
        "resolutions",
        "seed",
        "usualRenderMs",
    ];
    assert!(names.is_superset(&BTreeSet::from(promised)), "{names:?}");
    assert_eq!(
        shown["inputs"],
        json!({ "image": true, "lastFrame": true, "referenceImages": 6, "video": false })
    );
    assert_eq!(
        (shown["audio"].clone(), Audio::Always),
        (Value::from("always"), served()[0].audio)
    );
}
