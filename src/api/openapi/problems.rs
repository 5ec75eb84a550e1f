//! Problems as responses: one for each set of codes that an operation can answer with one status.

use crate::api::openapi::formats::reference;
use crate::api::problem::Problem;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The request's id in examples.
const REQUEST: &str = "0198c1d2-6b7a-7c3e-9f10-2a4b6c8d0e1f";

/// The responses collected so far, by name.
#[derive(Default)]
pub(crate) struct Problems(BTreeMap<String, Value>);

impl Problems {
    /// The responses of one operation, by status.
    pub(crate) fn responses(
        &mut self,
        problems: impl IntoIterator<Item = Problem>,
    ) -> Map<String, Value> {
        let mut by_status: BTreeMap<u16, BTreeMap<&'static str, Problem>> = BTreeMap::new();
        for problem in problems {
            by_status
                .entry(problem.status)
                .or_default()
                .entry(problem.code)
                .or_insert(problem);
        }
        let mut responses = Map::new();
        for (status, problems) in by_status {
            let name = problems.keys().copied().collect::<Vec<_>>().join(".");
            self.0
                .entry(name.clone())
                .or_insert_with(|| response(status, &problems));
            responses.insert(status.to_string(), reference("responses", &name));
        }
        responses
    }

    pub(crate) fn into_json(self) -> BTreeMap<String, Value> {
        self.0
    }
}

fn response(status: u16, problems: &BTreeMap<&'static str, Problem>) -> Value {
    let codes: Vec<&str> = problems.keys().copied().collect();
    let sentences: Vec<String> = problems
        .values()
        .map(|problem| format!("* `{}`: {}", problem.code, problem.detail))
        .collect();
    let examples: BTreeMap<&str, Value> = problems
        .iter()
        .map(|(code, problem)| (*code, json!({ "value": problem.body(REQUEST) })))
        .collect();
    json!({
        "description": sentences.join("\n"),
        "headers": headers(status, problems.values()),
        "content": {
            "application/problem+json": {
                // `properties` stands beside the only reference in `allOf`, so that generators make
                // one type for all problems.
                "schema": {
                    "allOf": [reference("schemas", "Problem")],
                    "properties": { "status": { "const": status }, "code": { "enum": codes } },
                },
                "examples": examples,
            },
        },
    })
}

/// The headers of a response. A header that every problem has is required.
fn headers<'a>(status: u16, problems: impl Iterator<Item = &'a Problem> + Clone) -> Value {
    let count = problems.clone().count();
    let mut headers = json!({ "X-Request-Id": reference("headers", "X-Request-Id") });
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for problem in problems {
        let own = problem.headers.iter().map(|(name, _)| *name);
        for name in own.chain(problem.retry_after.map(|_| "Retry-After")) {
            *named.entry(name).or_default() += 1;
        }
    }
    for (name, times) in named {
        // 402 has no `Retry-After` if the video costs more than a whole day's budget.
        let certain = times == count && status != 402;
        headers[name] = crate::api::openapi::headers::header(name, certain);
    }
    headers
}
