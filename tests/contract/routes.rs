//! The route of each path and method.

use proptest::prelude::*;
use reelay::api::cors::{allowed_headers, allowed_origin, is_preflight};
use reelay::api::request_id;
use reelay::api::routes::{ROUTES, Routed, route};
use std::collections::BTreeSet;

#[test]
fn every_route_of_the_contract_is_there() {
    for (method, pattern) in [
        ("POST", "/api/generations"),
        ("GET", "/api/generations"),
        ("GET", "/api/generations/{id}"),
        ("POST", "/api/generations/{id}/cancel"),
        ("POST", "/api/generations/{id}/retry"),
        ("POST", "/api/generations/{id}/confirm"),
        ("POST", "/api/generations/{id}/clarify"),
        ("GET", "/api/generations/{id}/timeline"),
        ("GET", "/api/generations/{id}/video"),
        ("HEAD", "/api/generations/{id}/video"),
        ("GET", "/api/queue/jobs/{id}"),
        ("GET", "/api/queue/status"),
        ("GET", "/api/queue/stats"),
        ("GET", "/api/storage/videos"),
        ("GET", "/api/storage/videos/{id}"),
        ("DELETE", "/api/storage/videos/{id}"),
        ("POST", "/api/webhooks/upstream"),
        ("GET", "/api/generations/{id}/events"),
        ("GET", "/api/generations/{id}/deliveries"),
        ("GET", "/api/queue/jobs"),
        ("POST", "/api/queue/pause"),
        ("POST", "/api/queue/resume"),
        ("GET", "/api/webhooks/deliveries"),
        ("POST", "/api/webhooks/deliveries/{id}/redeliver"),
        ("POST", "/api/webhooks/recover"),
        ("POST", "/api/webhooks/test"),
        ("POST", "/api/alerts/test"),
        ("POST", "/api/cron/cleanup"),
        ("GET", "/api/metrics"),
        ("GET", "/metrics"),
        ("GET", "/api/whoami"),
        ("GET", "/api/models"),
        ("GET", "/api/setup"),
        ("GET", "/health"),
        ("HEAD", "/health"),
    ] {
        let id = if pattern.contains("{id}") { "g_1" } else { "" };
        // The log's name of a route: the path with a placeholder for the id, and nothing that a
        // caller has chosen.
        assert_eq!(
            found(method, &pattern.replace("{id}", "g_1")),
            Some((pattern, id)),
            "{method} {pattern}"
        );
    }
}

#[test]
fn every_route_is_found_where_the_table_has_it_and_no_two_are_the_same() {
    let mut seen = BTreeSet::new();
    for known in ROUTES {
        assert!(
            seen.insert((known.method, known.pattern)),
            "{} {} is listed twice",
            known.method,
            known.pattern
        );
        let path = known.pattern.replace("{id}", "metrics");
        let pattern = found(known.method, &path).map(|(pattern, _)| pattern);
        assert_eq!(
            pattern,
            Some(known.pattern),
            "{} {path} leads elsewhere",
            known.method
        );
    }
}

#[test]
fn an_unknown_address_is_not_found() {
    for path in [
        "/",
        "",
        "/api",
        "/api/",
        "/api/generations/",
        "/api/generations/g/x",
        "/api/generations/g/video/x",
        "/API/generations",
        "/health/",
        "/api/storage/videos/",
        "/api/queue/jobs/",
        "/api/generations//video",
    ] {
        assert!(matches!(route("GET", path), Routed::NotFound), "{path}");
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    for (method, path, allowed) in [
        ("PUT", "/api/generations", "GET, HEAD, POST, OPTIONS"),
        ("DELETE", "/api/generations/g_1", "GET, HEAD, OPTIONS"),
        ("GET", "/api/generations/g_1/cancel", "POST, OPTIONS"),
        ("HEAD", "/api/generations/g_1/cancel", "POST, OPTIONS"),
        ("GET", "/api/generations/g_1/confirm", "POST, OPTIONS"),
        ("PUT", "/api/generations/g_1/clarify", "POST, OPTIONS"),
        (
            "POST",
            "/api/storage/videos/g_1",
            "GET, HEAD, DELETE, OPTIONS",
        ),
        ("POST", "/health", "GET, HEAD, OPTIONS"),
        // A method that the platform does not know must not be treated as GET.
        ("PROPFIND", "/api/generations", "GET, HEAD, POST, OPTIONS"),
    ] {
        let routed = route(method, path);
        assert!(
            matches!(routed, Routed::MethodNotAllowed { allow } if allow == allowed),
            "{method} {path}"
        );
    }
    assert!(
        matches!(route("OPTIONS", "/health"), Routed::Options { allow } if allow == "GET, HEAD, OPTIONS")
    );
    assert!(matches!(route("OPTIONS", "/nothing"), Routed::NotFound));
}

/// The pattern and the id of the route that a request leads to.
fn found<'a>(method: &str, path: &'a str) -> Option<(&'static str, &'a str)> {
    match route(method, path) {
        Routed::Found(route, id) => Some((route.pattern, id)),
        Routed::NotFound | Routed::MethodNotAllowed { .. } | Routed::Options { .. } => None,
    }
}

#[test]
fn only_listed_origins_are_allowed() {
    let origins = ["https://app.example.com".to_owned()];
    assert_eq!(
        allowed_origin(Some("https://app.example.com"), &origins),
        Some("https://app.example.com")
    );
    for other in [
        "https://app.example.com.evil.net",
        "http://app.example.com",
        "https://APP.example.com",
        "null",
        "*",
    ] {
        assert_eq!(allowed_origin(Some(other), &origins), None, "{other}");
    }
    assert_eq!(allowed_origin(None, &origins), None);
    assert_eq!(allowed_origin(Some("https://app.example.com"), &[]), None);
}

#[test]
fn a_preflight_is_an_options_request_of_a_browser() {
    assert!(is_preflight("OPTIONS", |_| true));
    assert!(!is_preflight("OPTIONS", |name| name == "Origin"));
    assert!(!is_preflight("POST", |_| true));
}

#[test]
fn a_request_id_is_taken_over_only_if_it_is_safe_to_repeat() {
    assert_eq!(request_id(Some("abc-1.2_3"), 7), "abc-1.2_3");
    for unsafe_id in ["", "a b", "a\nb", "ü", "<x>", &"x".repeat(129)] {
        let made = request_id(Some(unsafe_id), 7);
        assert!(uuid::Uuid::parse_str(&made).is_ok(), "{unsafe_id:?}");
    }
    assert_ne!(request_id(None, 1 << 100), request_id(None, 2 << 100));
}

proptest! {
    #[test]
    fn no_path_makes_the_router_panic(method: String, path: String) {
        let _ = route(&method, &path);
    }
}

#[test]
fn a_page_may_send_whatever_headers_its_monitoring_and_framework_add() {
    let ours = allowed_headers(None);
    for name in [
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "X-User-Id",
        "Range",
        "Last-Event-ID",
    ] {
        assert!(
            ours.split(", ").any(|known| known == name),
            "{name}: {ours}"
        );
    }
    for requested in [
        "sentry-trace,baggage,traceparent,tracestate",
        "x-requested-with, x-datadog-trace-id, x-datadog-parent-id",
        "authorization,content-type,x-b3-traceid,newrelic",
    ] {
        let answered = allowed_headers(Some(requested)).to_ascii_lowercase();
        let names: Vec<&str> = answered.split(", ").collect();
        for name in requested.split(',').map(str::trim) {
            assert_eq!(
                names.iter().filter(|known| **known == name).count(),
                1,
                "{name}: {answered}"
            );
        }
    }
}

#[test]
fn a_list_of_headers_that_is_none_is_not_repeated() {
    let too_long = "x-a,".repeat(600) + "x-b";
    for bad in [
        "",
        "x y",
        "x-a,,x-b",
        "x-a;q=1",
        "x-a\r\nset-cookie: a=b",
        "ä",
        "(x)",
        too_long.as_str(),
    ] {
        assert_eq!(allowed_headers(Some(bad)), allowed_headers(None), "{bad:?}");
    }
}
