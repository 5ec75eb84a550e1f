//! The tables of error codes: problems, from the `OpenAPI` description, and failures of generations.

use super::{code, table};
use reelay::api::openapi::document;
use reelay::api::problem::advice::advice;
use reelay::machine::outcome::ErrorCode;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn problems() -> String {
    let rows = described().into_iter().map(|((status, word), detail)| {
        let advice = advice(&word).unwrap_or_else(|| panic!("{word} has no advice"));
        [status.to_string(), code(&word), detail, advice.to_owned()]
    });
    table(
        ["status", "`code`", "`detail`, such as", "what to do"],
        rows,
    )
}

/// An example sentence of each problem in the description, by status and code.
pub(crate) fn described() -> BTreeMap<(u64, String), String> {
    let document = document();
    let responses = document["components"]["responses"]
        .as_object()
        .expect("responses");
    let problems = responses.values().filter_map(|response| {
        response["content"]["application/problem+json"]["examples"].as_object()
    });
    let problem = |example: &Value| {
        let value = &example["value"];
        let text = |name: &str| value[name].as_str().expect("a text").to_owned();
        let status = value["status"].as_u64().expect("a status");
        ((status, text("code")), text("detail"))
    };
    problems
        .flat_map(|examples| examples.values().map(problem))
        .collect()
}

pub(super) fn failures() -> String {
    let rows = ErrorCode::ALL.map(|failure| {
        [
            code(failure.as_str()),
            failure.meaning().to_owned(),
            failure.advice().to_owned(),
        ]
    });
    table(["`errorCode`", "meaning", "what to do"], rows)
}
