//! The `OpenAPI` 3.1 description, for readers, generators and tests. Not part of the worker:
//! `npm run openapi` writes it to `assets/openapi.json`, which the platform serves.
//!
//! Schemas are derived from the serialised types. Limits come from where they are checked, and
//! problems from the constructors that the handlers use. Methods, paths and access come from the
//! table of routes. The rest is written by hand.

pub mod formats;
pub mod headers;
pub mod operation;
pub mod parameters;
pub mod problems;
pub mod schemas;
pub mod webhooks;

use crate::api::openapi::problems::Problems;
use crate::api::openapi::schemas::Schemas;
use crate::api::routes::ROUTES;
use serde_json::{Map, Value, json};

/// The introduction of the description.
const INTRODUCTION: &str = include_str!("openapi/introduction.md");

/// The whole document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut problems = Problems::default();
    let mut paths = Map::new();
    for route in ROUTES {
        let item = paths.entry(route.pattern).or_insert_with(|| json!({}));
        let operation = (route.operation)(&mut schemas);
        item[route.method.to_lowercase()] =
            operation.into_json(route.pattern, &route.access, &mut problems);
    }
    let webhooks = webhooks::all(&mut schemas);
    let schemas = schemas.into_json();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Reelay",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A durable backend for generated videos.",
            "description": INTRODUCTION,
            "contact": { "name": "The operator of the worker that serves this document" },
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "The worker that serves this document." }],
        "tags": tags(),
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": schemas,
            "responses": problems.into_json(),
            "headers": headers::shared_headers(),
            "parameters": parameters::shared(),
            "securitySchemes": security_schemes(),
        },
    })
}

fn tags() -> Value {
    json!([
        { "name": "Generations", "description": "Create, follow, cancel and retry generations." },
        { "name": "Videos", "description": "The stored files." },
        { "name": "Queue", "description": "The queue's figures and metrics." },
        { "name": "Operators", "description": "For operators: an admin's token or `ADMIN_KEY`." },
        { "name": "Service", "description": "The worker's health, its models and the caller." },
        { "name": "Webhooks", "description": "Webhooks to your app, and from the video service." },
    ])
}

fn security_schemes() -> Value {
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT or key",
            "description": "A user's HS256 JWT signed with `JWT_SECRET` (`sub` is the user's id, `exp` is required); `API_KEY`, \
                for the app's own server; or `ADMIN_KEY`. If `ENVIRONMENT` is `development`, also `dev_<userId>`.",
        },
        "operator": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT or key",
            "description": "`ADMIN_KEY`, or a user's JWT with `role: \"admin\"`.",
        },
        "signedAddress": {
            "type": "apiKey",
            "in": "query",
            "name": "signature",
            "description": "The `signature` of a signed URL, such as `result.videoUrl`. Use the URL unchanged.",
        },
    })
}
