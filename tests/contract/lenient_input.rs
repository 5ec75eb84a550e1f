//! Deviations from the contract that existing apps send are understood.

use crate::requests::{accepted, parsed};
use serde_json::json;

#[test]
fn the_defaults_are_those_of_the_model() {
    let request = accepted(json!({ "prompt": "a dog" }));
    assert_eq!(
        (
            request.terms.provider.as_str(),
            request.terms.model.as_str()
        ),
        ("veo3", "veo-3.1-generate-001")
    );
    assert_eq!(request.order.priority, 0);
    assert_eq!(request.order.render.duration_seconds, 8);
    assert_eq!(request.order.render.aspect_ratio, "16:9");
    assert_eq!(request.order.render.resolution, "720p");
    assert_eq!(request.terms.price_micros, 3_200_000);
    assert_eq!(request.origin.public_url, "https://reelay.example.com");
}

#[test]
fn provider_model_and_priority_may_stand_inside_parameters() {
    let request = accepted(json!({ "prompt": "a dog", "parameters": {
        "provider": "google", "model": "veo-3.1-fast-generate-001", "priority": 7,
        "aspect_ratio": "9:16", "quality": "1080p",
    } }));
    assert_eq!(
        (
            request.terms.provider.as_str(),
            request.terms.model.as_str()
        ),
        ("veo3", "veo-3.1-fast-generate-001")
    );
    assert_eq!(request.order.priority, 7);
    assert_eq!(request.order.render.aspect_ratio, "9:16");
    assert_eq!(request.order.render.resolution, "1080p");
}

#[test]
fn a_duration_is_a_number_or_a_numeric_string() {
    for duration in [json!(6), json!("6"), json!(6.0), json!(" 6 "), json!("6s")] {
        let request =
            accepted(json!({ "prompt": "a dog", "parameters": { "duration": duration } }));
        assert_eq!(request.order.render.duration_seconds, 6);
    }
    for bad in [
        json!("six"),
        json!("6m"),
        json!("s"),
        json!(6.5),
        json!(true),
        json!(-6),
        json!(1e300),
    ] {
        assert!(
            parsed(json!({ "prompt": "a dog", "parameters": { "duration": bad } })).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn parameters_are_echoed_as_they_came_and_unknown_ones_kept() {
    let parameters = json!({ "duration": "8", "quality": "4K", "conversationId": "c_1", "nested": { "a": [1, null] } });
    let request =
        accepted(json!({ "prompt": "a dog", "parameters": parameters, "unknownTopLevel": 1 }));
    let mut echoed = parameters.clone();
    echoed["unknownTopLevel"] = json!(1);
    assert_eq!(json!(request.order.parameters), echoed);
    assert_eq!(request.order.render.resolution, "4k");
}

#[test]
fn metadata_is_echoed() {
    let request = accepted(json!({ "prompt": "a dog", "metadata": { "project": "p_1" } }));
    assert_eq!(request.order.metadata["project"], "p_1");
}

#[test]
fn null_counts_as_absent() {
    let nulls = json!({ "prompt": "a dog", "generationId": null, "provider": null, "model": null, "priority": null,
        "metadata": null, "parameters": { "duration": null, "seed": null, "image": null, "negativePrompt": null } });
    assert!(parsed(nulls).is_ok());
    assert!(parsed(json!({ "prompt": "a dog", "parameters": null })).is_ok());
}
