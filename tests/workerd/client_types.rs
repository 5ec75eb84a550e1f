//! The types of `@reelay/client` compared with the worker's real answers by the compiler. The
//! requests are in `tests/browser/client_types.mjs`, though it opens no page.

use crate::harness::browser::play;
use crate::harness::{Configuration, Setup, World};

const EVENTS: &str = "generation.started,generation.progress,generation.pending_clarification,generation.completed,\
     generation.failed,generation.cancelled";

#[test]
fn every_answer_is_what_the_types_of_the_client_say() {
    let settings = [
        ("ENVIRONMENT", "development"),
        ("ENABLE_CLARIFICATIONS", "true"),
        ("WEBHOOK_EVENTS", EVENTS),
        ("MAX_COST_PER_USER_PER_DAY", "30"),
        ("ALERT_UPSTREAM_AFTER_MS", "1000"),
    ];
    // The script's usual requests stay below this limit; its burst of requests does not.
    let limit = [(
        "simple = { limit = 100, period = 10 }",
        "simple = { limit = 400, period = 10 }",
    )];
    let configuration = Configuration {
        replacements: &limit,
        injector: false,
    };
    let world = World::start_with(&Setup {
        variables: &settings,
        configuration,
        ..Setup::default()
    });
    world.send_alerts_to_inbox();
    play(&world, "client_types", |_| ());
}

#[test]
fn a_page_on_another_origin_uses_the_client_in_a_browser() {
    let settings = [
        ("ENVIRONMENT", "development"),
        ("CORS_ORIGINS", "http://127.0.0.1:4999"),
    ];
    play(&World::start(&settings), "client_elsewhere", |_| ());
}
