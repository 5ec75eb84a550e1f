//! The API as an `OpenAPI` 3.1 document, for readers, generators and tests. Not part of the worker:
//! `npm run openapi` writes it to `assets/openapi.json`, which the platform serves.
//!
//! Schemas are derived from the types that are really serialised; limits and words come from where
//! they are checked; problems are made by the constructors that the handlers use; methods, paths
//! and who may call come from the table of routes. What is written by hand is the rest: which route
//! has which of them, and sentences.

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

/// What the reader sees first.
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
            "contact": { "name": "Whoever runs the worker that serves this document" },
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
        { "name": "Queue", "description": "What waits and runs, and metrics." },
        { "name": "Operators", "description": "For operators: an admin's token or `ADMIN_KEY`." },
        { "name": "Service", "description": "The worker and what it offers." },
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
                for the app's own server; or `ADMIN_KEY`. Where `ENVIRONMENT` is `development`, `dev_<userId>` is one too.",
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
            "description": "The `signature` of an address that Reelay has signed, such as `result.videoUrl`, used whole as it is.",
        },
    })
}
