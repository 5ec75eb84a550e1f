//! A video service that refuses every order for a minute: no job fails or loses its place, and no
//! slot is held.

use crate::harness::{Setup, World, unique, until};
use serde_json::json;
use std::time::Duration;

const SLOTS: usize = 3;
const ORDERS: usize = 12;
/// The submits refused within half a minute of the first, those that left at the same time
/// included.
const REFUSED: usize = 7;
const PATIENCE: Duration = Duration::from_secs(150);

#[test]
fn twelve_orders_outlast_an_outage_of_a_minute_in_their_order_and_cost_one_probe_at_a_time_i4_i6() {
    let world = World::start_beside(&Setup {
        variables: &[("MAX_CONCURRENT_JOBS", "3"), ("MAX_RETRIES", "0")],
        ..Setup::default()
    });
    let users = [world.user(), world.user(), world.user()];
    world.upstream.faults("[[submit:503]]");
    let prompts: Vec<String> = (0..ORDERS)
        .map(|number| unique(&format!("order {number}")))
        .collect();
    let ids: Vec<String> = prompts
        .iter()
        .enumerate()
        .map(|(number, prompt)| users[number % users.len()].generate(prompt))
        .collect();
    let submits = || world.upstream.all_requests("submit");
    until("half a minute of the outage is over", PATIENCE, || {
        (submits().len() >= REFUSED).then_some(())
    });

    // Between two probes no slot is held, and every job says what blocks it.
    let status = until("no slot is held", PATIENCE, || {
        let status = users[0].get("/api/queue/status").json()["status"].clone();
        (status["slots"]["used"] == 0).then_some(status)
    });
    assert_eq!(
        status["upstreams"].as_array().map(Vec::len),
        Some(1),
        "{status:#}"
    );
    let in_backoff = json!({ "status": "queued", "blockedBy": "upstream_backoff" });
    let waiting = users[1].waits_as(&ids[4], &in_backoff);
    assert!(waiting["estimatedStartAt"].is_string(), "{waiting:#}");
    world.upstream.faults("");

    for (number, id) in ids.iter().enumerate() {
        users[number % users.len()].ends_as(id, "completed");
        assert_eq!(
            world.upstream.paid(&prompts[number]).len(),
            1,
            "order {number} is paid for once"
        );
    }
    let times: Vec<u64> = submits()
        .iter()
        .filter_map(|submit| submit["atMs"].as_u64())
        .collect();
    let probes = &times[SLOTS..REFUSED];
    assert!(
        probes.windows(2).all(|pair| pair[1] >= pair[0] + 1_900),
        "two probes at once: {times:?}"
    );
    let accepted: Vec<String> = world.upstream.render_stats()["accepted"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|render| Some(render["prompt"].as_str()?.to_owned()))
        .collect();
    for (number, prompt) in prompts.iter().enumerate() {
        let place = accepted
            .iter()
            .position(|other| other == prompt)
            .expect("the job was accepted");
        assert!(
            place.abs_diff(number) < SLOTS,
            "order {number} was started as number {place}: {accepted:#?}"
        );
    }
}
