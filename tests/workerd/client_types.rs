//! The types of `@reelay/client` against the worker's real answers. What is asked is in `tests/browser/client_types.mjs`,
//! though it opens no page; the compiler judges.

use crate::harness::World;
use crate::harness::browser::play;

const EVENTS: &str = "generation.started,generation.progress,generation.pending_clarification,generation.completed,\
     generation.failed,generation.cancelled";

#[test]
fn every_answer_is_what_the_types_of_the_client_say() {
    let settings = [
        ("ENVIRONMENT", "development"),
        ("ENABLE_CLARIFICATIONS", "true"),
        ("WEBHOOK_EVENTS", EVENTS),
        ("MAX_COST_PER_USER_PER_DAY", "30"),
    ];
    play(&World::start(&settings), "client_types", |_| ());
}
