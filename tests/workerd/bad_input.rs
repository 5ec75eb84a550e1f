//! Invalid requests to the real worker: each gets a problem document that shows no internals, and
//! the worker goes on.

use crate::harness::{Answer, Api, shared, unique};
use serde_json::json;

const ORDERS: &str = "/api/generations";

#[test]
fn a_body_of_a_hundred_megabytes_is_refused_with_413() {
    let user = shared().user();
    let body = vec![b' '; 100 * 1_000_000];
    let answer = user.send("POST", ORDERS, |request| {
        request
            .header("content-type", "application/json")
            .body(body)
    });
    is_problem(&answer, 413, "payload_too_large");
    goes_on(&user);
}

#[test]
fn a_prompt_of_four_megabytes_is_refused_with_400() {
    let user = shared().user();
    let answer = user.create(&json!({ "prompt": "x".repeat(4_000_000) }));
    is_problem(&answer, 400, "invalid_request");
    assert_eq!(
        answer.json()["errors"][0]["pointer"],
        "/prompt",
        "{}",
        answer.text()
    );
    assert!(answer.body.len() < 2_000, "the prompt is not echoed");
}

#[test]
fn what_is_no_json_object_is_refused_with_400() {
    let user = shared().user();
    for body in [
        "{\"prompt\": \"unfinished",
        "",
        "[]",
        "null",
        "\u{0}\u{1}",
        &"[".repeat(100_000),
    ] {
        let body = body.to_owned();
        let answer = user.send("POST", ORDERS, |request| {
            request
                .header("content-type", "application/json")
                .body(body)
        });
        is_problem(&answer, 400, "malformed_json");
    }
    let text = user.send("POST", ORDERS, |request| {
        request.header("content-type", "text/plain").body("{}")
    });
    is_problem(&text, 415, "unsupported_media_type");
}

#[test]
fn every_bad_field_is_named() {
    let user = shared().user();
    let order = json!({ "prompt": "x", "priority": 99, "parameters": { "duration": 1e9, "aspectRatio": "1:7" } });
    let answer = user.create(&order);
    is_problem(&answer, 400, "invalid_request");
    let body = answer.json();
    let named: Vec<&str> = body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["pointer"].as_str())
        .collect();
    for pointer in [
        "/prompt",
        "/priority",
        "/parameters/duration",
        "/parameters/aspectRatio",
    ] {
        assert!(named.contains(&pointer), "{pointer} is not among {named:?}");
    }
}

#[test]
fn unknown_routes_and_methods_are_refused() {
    let user = shared().user();
    for path in [
        "/api",
        "/api/generations/",
        "/api/generations/a/b/c",
        "/api/../etc/passwd",
        "/api/%00",
    ] {
        is_problem(&user.get(path), 404, "");
    }
    for (method, path, allow) in [
        ("DELETE", ORDERS, "GET, HEAD, POST, OPTIONS"),
        ("POST", "/health", "GET, HEAD, OPTIONS"),
        ("GET", "/api/generations/some/cancel", "POST, OPTIONS"),
    ] {
        let answer = user.send(method, path, |request| request);
        is_problem(&answer, 405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

#[test]
fn a_video_address_that_was_touched_opens_nothing() {
    let world = shared();
    let user = world.user();
    let (id, other) = (
        user.generate(&unique("signed")),
        user.generate(&unique("not signed")),
    );
    let url = user.ends_as(&id, "completed")["result"]["videoUrl"]
        .as_str()
        .expect("an address")
        .to_owned();
    user.ends_as(&other, "completed");
    assert_eq!(
        user.get(&url).status,
        200,
        "the unchanged address opens the video"
    );
    let (before, signature) = url.rsplit_once("signature=").expect("a signature");
    let turned: String = signature.chars().rev().collect();
    for touched in [
        format!("{before}signature={turned}"),
        format!("{before}signature="),
        before.trim_end_matches('&').to_owned(),
        url.replacen("expires=", "expires=9", 1),
        url.replacen(&id, &other, 1),
        url.replacen("user=", "user=x", 1),
    ] {
        is_problem(&user.get(&touched), 401, "unauthorized");
    }
}

#[test]
fn absurd_ranges_are_answered_and_never_with_wrong_bytes() {
    let world = shared();
    let user = world.user();
    let id = user.generate(&unique("ranged"));
    let size = user.ends_as(&id, "completed")["result"]["fileSize"]
        .as_u64()
        .expect("a size");
    let ranged = |range: &str| {
        user.send("GET", &format!("/api/generations/{id}/video"), |request| {
            request.header("range", range)
        })
    };
    for range in [
        "bytes=99999999999999999999-",
        "bytes=999999999-9999999999",
        "bytes=-0",
    ] {
        let answer = ranged(range);
        is_problem(&answer, 416, "range_not_satisfiable");
        assert_eq!(
            answer.header("content-range"),
            format!("bytes */{size}"),
            "{range}"
        );
    }
    for range in [
        "bytes=5-2",
        "bytes=a-b",
        "lines=0-1",
        "bytes=0-1,5-6",
        "bytes",
        "bytes=-",
    ] {
        let answer = ranged(range);
        assert_eq!(
            (answer.status, answer.body.len() as u64),
            (200, size),
            "{range} is ignored"
        );
    }
}

/// A problem document that shows no internals; an empty `code` stands for any.
#[track_caller]
fn is_problem(answer: &Answer, status: u16, code: &str) {
    let text = answer.text();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, "application/problem+json"),
        "{text}"
    );
    let body = answer.json();
    assert!(code.is_empty() || body["code"] == code, "{text}");
    assert_eq!(
        (&body["status"], &body["success"]),
        (&json!(status), &json!(false)),
        "{text}"
    );
    assert!(
        body["error"].is_string() && body["requestId"] == answer.header("x-request-id"),
        "{text}"
    );
    for inside in [
        "panick",
        ".rs:",
        "wasm",
        "at async",
        "RuntimeError",
        "stack",
    ] {
        assert!(
            !text.contains(inside),
            "the answer shows an internal word, {inside}: {text}"
        );
    }
}

#[track_caller]
fn goes_on(user: &Api) {
    user.ends_as(
        &user.generate(&unique("as if nothing had happened")),
        "completed",
    );
}
