//! The npm package `@reelay/client` on the real worker. The scenarios are in `tests/browser`,
//! though none of them opens a page.

use crate::harness::World;
use crate::harness::browser::play;

const SETTINGS: [(&str, &str); 2] = [
    ("ENVIRONMENT", "development"),
    ("ENABLE_CLARIFICATIONS", "true"),
];

#[test]
fn the_client_orders_follows_changes_and_verifies_the_webhook() {
    play(&World::start(&SETTINGS), "client_whole_way", |_| ());
}

#[test]
fn the_client_follows_without_gap_or_repeat_while_the_worker_is_killed() {
    let world = World::start(&SETTINGS);
    play(&world, "client_dead_worker", |word| match word {
        "kill" => world.worker.kill(),
        "restart" => world.worker.restart(),
        other => panic!("unknown request: {other}"),
    });
}
