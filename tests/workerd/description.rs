//! The pages and the API's description are static files that the platform serves without running
//! the worker.

use crate::harness::shared;
use serde_json::Value;

/// The policy of a page: load from its own origin, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const COMMITTED: &str = include_str!("../../assets/openapi.json");

#[test]
fn the_pages_and_their_files_are_served_under_a_strict_policy() {
    let world = shared();
    let anyone = world.user().with_token(None);
    let files = [
        ("/dashboard", "text/html"),
        ("/docs", "text/html"),
        ("/docs.js", "text/javascript"),
        ("/docs.css", "text/css"),
        ("/vendor/swagger-ui/swagger-ui-bundle.js", "text/javascript"),
        ("/vendor/swagger-ui/swagger-ui.css", "text/css"),
        ("/openapi.json", "application/json"),
    ];
    for (path, kind) in files {
        let answer = anyone.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer.header("content-type").starts_with(kind),
            "{path}: {}",
            answer.header("content-type")
        );
        assert_eq!(answer.header("content-security-policy"), POLICY, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
    }
}

#[test]
fn any_page_may_read_the_description_which_is_the_committed_one() {
    let world = shared();
    let answer = world.user().with_token(None).get("/openapi.json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(
        answer.json(),
        serde_json::from_str::<Value>(COMMITTED).expect("JSON")
    );
}

#[test]
fn beside_the_files_every_address_is_the_workers() {
    let world = shared();
    for path in [
        "/_redirects",
        "/nothing",
        "/docs/nothing",
        "/assets/docs.html",
        "/_headers",
        "/api/nothing",
    ] {
        let answer = world.user().get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{path}"
        );
        assert_eq!(answer.json()["code"], "route_not_found", "{path}");
    }
    assert_eq!(world.user().get("/health").json()["status"], "ok");
}
