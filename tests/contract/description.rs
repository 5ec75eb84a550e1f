//! The API's description agrees with the types and the router.

use reelay::api::openapi::document;
use reelay::api::routes::{ROUTES, Routed, route};
use reelay::machine::delivery::EventKind;
use reelay::webhooks::test_event;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const COMMITTED: &str = include_str!("../../assets/openapi.json");
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

#[test]
fn the_committed_description_is_what_the_types_give() {
    let committed: Value = serde_json::from_str(COMMITTED).expect("assets/openapi.json is JSON");
    assert!(
        committed == document(),
        "assets/openapi.json is out of date: run `npm run openapi`"
    );
}

#[test]
fn every_route_is_described_and_nothing_else_is() {
    let described: BTreeSet<String> = operations()
        .into_iter()
        .map(|(path, method, _)| format!("{method} {path}"))
        .collect();
    let routed = ROUTES
        .iter()
        .map(|route| format!("{} {}", route.method, route.pattern))
        .collect();
    assert_eq!(described, routed);
}

#[test]
fn the_router_takes_what_is_described_and_refuses_every_other_method() {
    for (path, item) in paths() {
        let concrete = path.replace("{id}", "g_1");
        for method in METHODS {
            let found = matches!(route(method, &concrete), Routed::Found(..));
            assert_eq!(
                found,
                item.get(method.to_lowercase()).is_some(),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn every_operation_says_who_may_call_what_it_does_and_what_can_go_wrong() {
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations() {
        let name = format!("{method} {path}");
        for field in ["operationId", "summary", "description"] {
            assert!(
                operation[field]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{name} has no {field}"
            );
        }
        assert!(
            ids.insert(operation["operationId"].to_string()),
            "{name} has the id of another operation"
        );
        let responses = operation["responses"].as_object().expect("responses");
        // A wrong signature is answered as a wrong token is.
        let is_open = operation["security"] == json!([]) && path != "/api/webhooks/upstream";
        assert_ne!(responses.contains_key("401"), is_open, "{name}");
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{name} never succeeds"
        );
        assert!(responses.contains_key("503"), "{name} never fails");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_referred_to() {
    let document = document();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in &references {
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference within the document");
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    for kind in ["schemas", "responses", "parameters"] {
        for name in document["components"][kind]
            .as_object()
            .expect("components")
            .keys()
        {
            assert!(
                references.contains(&format!("#/components/{kind}/{name}")),
                "{name} is never referred to"
            );
        }
    }
}

#[test]
fn every_event_is_a_webhook_with_its_signature() {
    let document = document();
    let webhooks = document["webhooks"].as_object().expect("webhooks");
    let mut events: BTreeSet<&str> = EventKind::ALL.into_iter().map(EventKind::as_str).collect();
    events.extend([test_event::EVENT, "alert"]);
    assert_eq!(
        webhooks.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        events
    );
    for (event, item) in webhooks {
        let parameters = item["post"]["parameters"].as_array().expect("headers");
        let names: Vec<&str> = parameters
            .iter()
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        assert_eq!(
            names,
            ["webhook-id", "webhook-timestamp", "webhook-signature"],
            "{event}"
        );
    }
}

fn paths() -> Vec<(String, Value)> {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .map(|(path, item)| (path.clone(), item.clone()))
        .collect()
}

/// Path, method and operation.
fn operations() -> Vec<(String, String, Value)> {
    let of = |(path, item): (String, Value)| {
        let methods = item.as_object().expect("an item").clone();
        methods
            .into_iter()
            .map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation))
    };
    paths().into_iter().flat_map(of).collect()
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            references.extend(
                object
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            object.values().for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
