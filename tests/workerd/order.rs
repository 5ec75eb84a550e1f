//! Order and slots with more jobs than slots.

use crate::harness::{exclusive, unique};
use serde_json::json;
use std::collections::BTreeMap;

const JOBS: usize = 20;
const SLOTS: usize = 3;

#[test]
fn twenty_jobs_pass_three_slots_in_accept_order_and_each_is_told_once_i1_i5_i6_i9() {
    let world = exclusive();
    let user = world.user();
    world.upstream.close("submit");
    let prompts: Vec<String> = (0..JOBS).map(|_| unique("in order")).collect();
    let ids: Vec<String> = prompts.iter().map(|prompt| user.generate(prompt)).collect();
    world.upstream.wait_held("submit", "in order", SLOTS);
    let last = json!({ "queuePosition": JOBS - SLOTS, "blockedBy": "concurrency" });
    user.waits_as(&ids[JOBS - 1], &last);
    world.upstream.open("submit");
    for id in &ids {
        user.ends_as(id, "completed");
        let deliveries = world.upstream.only_event(id, "generation.completed");
        assert_eq!(deliveries.len(), 1, "{deliveries:#?}");
    }
    let stats = world.upstream.render_stats();
    let most = stats["maxRendering"].as_u64().expect("a number");
    assert!(
        (2..=SLOTS as u64).contains(&most),
        "{most} rendered at once"
    );
    let accepted = stats["accepted"].as_array().expect("a list");
    assert_eq!(accepted.len(), JOBS, "each job is paid for once");
    let place: BTreeMap<&str, usize> = accepted
        .iter()
        .enumerate()
        .filter_map(|(at, job)| Some((job["prompt"].as_str()?, at)))
        .collect();
    let places: Vec<usize> = prompts
        .iter()
        .map(|prompt| place[prompt.as_str()])
        .collect();
    // Jobs that hold slots at the same time may reach the upstream in any order; no other job
    // overtakes.
    for (index, own) in places.iter().enumerate() {
        let overtaken = places[..index]
            .iter()
            .filter(|earlier| *earlier > own)
            .count();
        assert!(
            overtaken < SLOTS,
            "job {index} overtook {overtaken} earlier jobs: {places:?}"
        );
    }
}
