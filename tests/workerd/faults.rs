//! Every class of upstream fault, end to end: how the job ends, how many calls reached the
//! upstream, what was paid.
//!
//! The jobs of a table run concurrently.

use crate::harness::upstream::{SAMPLE, follows_pattern};
use crate::harness::{Lent, Setup, Wire, World, on_each_wire, shared, unique, until};
use serde_json::{Value, json};
use std::time::Duration;

/// A mark in the prompt and its expected effects. `submits` counts the paid call and its repeats.
struct Case {
    mark: &'static str,
    end: End,
    submits: usize,
    paid: usize,
}

enum End {
    Completed,
    /// Failed with this `errorCode`.
    Failed(&'static str),
}

const fn completed(mark: &'static str, submits: usize) -> Case {
    Case {
        mark,
        end: End::Completed,
        submits,
        paid: 1,
    }
}

const fn failed(mark: &'static str, code: &'static str, submits: usize, paid: usize) -> Case {
    Case {
        mark,
        end: End::Failed(code),
        submits,
        paid,
    }
}

on_each_wire! {
    a_submit_that_was_provably_refused_is_repeated_and_paid_once_at_most_i4,
    a_final_refusal_of_a_submit_ends_the_job_at_once,
    a_submit_whose_outcome_is_unknown_is_never_repeated_i4,
    trouble_while_asking_never_fails_a_render_and_never_submits_again_i4,
    an_operation_that_ends_without_a_video_ends_the_job,
    the_upstreams_reason_for_filtering_reaches_the_user,
    a_download_that_fails_is_repeated_without_another_submit_i4_i8,
    a_download_that_never_works_fails_the_job_and_leaves_no_video_i1_i8,
    a_wait_that_the_upstream_asks_for_is_kept,
    a_days_quota_that_is_used_up_is_left_alone_for_long_and_by_everyone,
}

fn a_submit_that_was_provably_refused_is_repeated_and_paid_once_at_most_i4(wire: Wire) {
    hold(
        wire,
        &[
            completed("submit:500*2", 3),
            failed("submit:500", "provider_unavailable", 4, 0),
        ],
    );
}

fn a_final_refusal_of_a_submit_ends_the_job_at_once(wire: Wire) {
    let world = hold(
        wire,
        &[
            // The token may have expired, so the worker gets a new one and retries once.
            failed(
                "submit:401",
                "provider_unavailable",
                if wire == Wire::Vertex { 2 } else { 1 },
                0,
            ),
            failed("submit:404", "provider_unavailable", 1, 0),
            failed("submit:400-safety", "provider_rejected_content", 1, 0),
            failed("submit:redirect", "provider_unavailable", 1, 0),
        ],
    );
    let elsewhere = world.upstream.other_host_requests();
    assert!(
        !elsewhere.iter().any(|request| request["path"] == "/submit"),
        "the prompt was sent to another host"
    );
}

fn a_submit_whose_outcome_is_unknown_is_never_repeated_i4(wire: Wire) {
    const CODE: &str = "submit_outcome_unknown";
    hold(
        wire,
        &[
            failed("submit:hang-before", CODE, 1, 0),
            failed("submit:reset-before", CODE, 1, 0),
            failed("submit:500-after", CODE, 1, 1),
            failed("submit:hang-after", CODE, 1, 1),
            failed("submit:reset-after", CODE, 1, 1),
            failed("submit:garbage", CODE, 1, 1),
            failed("submit:html", CODE, 1, 1),
            failed("submit:html-502", CODE, 1, 1),
            failed("submit:no-name", CODE, 1, 1),
        ],
    );
}

fn trouble_while_asking_never_fails_a_render_and_never_submits_again_i4(wire: Wire) {
    hold(
        wire,
        &[
            completed("poll:429*1", 1),
            completed("poll:429-retry:1s*1", 1),
            completed("poll:500*2", 1),
            completed("poll:503*2", 1),
            completed("poll:401*1", 1),
            completed("poll:404*1", 1),
            completed("poll:hang*1", 1),
            completed("poll:reset*2", 1),
            completed("poll:garbage*2", 1),
            completed("poll:html*2", 1),
            completed("poll:done-false", 1),
        ],
    );
}

fn an_operation_that_ends_without_a_video_ends_the_job(wire: Wire) {
    hold(
        wire,
        &[
            failed("result:rai", "provider_rejected_content", 1, 1),
            failed("result:code13", "provider_unavailable", 1, 1),
            failed("result:error:3", "invalid_request", 1, 1),
            failed("result:error:8", "provider_quota_exhausted", 1, 1),
            // In the Interactions API, this is the answer of a filter.
            failed(
                "result:empty",
                if wire == Wire::Omni {
                    "provider_rejected_content"
                } else {
                    "provider_unavailable"
                },
                1,
                1,
            ),
            failed("result:error-and-response", "provider_unavailable", 1, 1),
        ],
    );
}

fn the_upstreams_reason_for_filtering_reaches_the_user(wire: Wire) {
    let world = shared();
    let user = world.user().over(wire);
    let id = user.generate(&format!("{} [[result:rai]]", unique("filtered")));
    let generation = user.fails_with(&id, "provider_rejected_content");
    let reason = generation["error"].as_str().expect("a sentence");
    let expected = match wire {
        Wire::Gemini => "You have not been charged for this attempt.",
        Wire::Vertex => "Support codes: 58061214. The filter found: children.",
        Wire::Omni => "safety filter",
    };
    assert!(reason.contains(expected), "{reason}");
    let body = body_of(&world.upstream.only_event(&id, "generation.failed")[0]);
    assert_eq!(
        (&body["error"], &body["errorCode"]),
        (&generation["error"], &generation["errorCode"])
    );
    assert_eq!(
        (&body["status"], body.get("result")),
        (&Value::from("failed"), None)
    );
}

fn a_download_that_fails_is_repeated_without_another_submit_i4_i8(wire: Wire) {
    hold(
        wire,
        &[
            completed("download:truncated*1", 1),
            completed("download:reset*1", 1),
            completed("download:chunked", 1),
            completed("download:chunked download:bytes:20000000", 1),
            completed("download:slow:20000", 1),
            completed("download:empty*1", 1),
            completed("download:html*1", 1),
            completed("download:404*1", 1),
            completed("download:429*1", 1),
            completed("download:500*1", 1),
            completed("download:503*2", 1),
            completed("download:hang*1", 1),
            completed("download:redirect-loop*1", 1),
        ],
    );
}

fn a_download_that_never_works_fails_the_job_and_leaves_no_video_i1_i8(wire: Wire) {
    hold(
        wire,
        &[
            failed("download:truncated", "storage_failed", 1, 1),
            failed("download:empty", "storage_failed", 1, 1),
            failed("download:html", "storage_failed", 1, 1),
            failed("download:404", "storage_failed", 1, 1),
            failed("download:redirect-loop", "storage_failed", 1, 1),
            failed("download:redirect-other", "storage_failed", 1, 1),
        ],
    );
}

fn a_wait_that_the_upstream_asks_for_is_kept(wire: Wire) {
    let world = shared();
    let (user, prompt) = (
        world.user().over(wire),
        format!("{} [[submit:429-retry:5s*1]]", unique("asked to wait")),
    );
    user.ends_as(&user.generate_by(wire.other_model(), &prompt), "completed");
    let came: Vec<u64> = world
        .upstream
        .requests("submit", &prompt)
        .iter()
        .filter_map(|request| request["atMs"].as_u64())
        .collect();
    assert_eq!(came.len(), 2);
    assert!(
        came[1] - came[0] >= 4_900,
        "the submit was repeated after {} ms",
        came[1] - came[0]
    );
}

fn a_days_quota_that_is_used_up_is_left_alone_for_long_and_by_everyone(wire: Wire) {
    let world = World::start_beside(&Setup::default());
    let (user, prompt) = (
        world.user().over(wire),
        format!("{} [[submit:429-quota:22s]]", unique("used up")),
    );
    let first = user.generate(&prompt);
    let waits = |id: &str| {
        until(
            "the job waits for the upstream",
            Duration::from_secs(20),
            || {
                Some(user.generation(id))
                    .filter(|generation| generation["blockedBy"] == "upstream_backoff")
            },
        )
    };
    let generation = waits(&first);
    assert_eq!(
        (&generation["status"], &generation["phase"]),
        (&Value::from("queued"), &Value::from("queued"))
    );
    assert!(generation["estimatedStartAt"].is_string(), "{generation:#}");
    let other = unique("waits with it");
    let second = user.generate(&other);
    // The first job has kept its place.
    let behind = json!({ "blockedBy": "upstream_backoff", "queuePosition": 2 });
    user.waits_as(&second, &behind);
    // The backoff does not concern another model.
    user.ends_as(
        &user.generate_by(wire.other_model(), &unique("another model")),
        "completed",
    );
    assert_eq!(world.upstream.requests("submit", &prompt).len(), 1);
    assert_eq!(
        world.upstream.requests("submit", &other).len(),
        0,
        "one job's refusal holds for all"
    );
    for id in [first, second] {
        assert_eq!(
            user.post(&format!("/api/generations/{id}/cancel")).status,
            200
        );
    }
}

/// Runs a job for each case, then checks its end, its webhook, its video and the upstream's ledger.
fn hold(wire: Wire, cases: &[Case]) -> Lent {
    let world = shared();
    let user = world.user().over(wire);
    let started: Vec<(&Case, String, String)> = cases
        .iter()
        .map(|case| {
            let prompt = format!("{} [[{}]]", unique("faulty"), case.mark);
            (case, user.generate_by(wire.model(), &prompt), prompt)
        })
        .collect();
    for (case, id, prompt) in started {
        let mark = case.mark;
        let video = |id: &str| user.get(&format!("/api/generations/{id}/video"));
        match case.end {
            End::Completed => {
                let generation = user.ends_as(&id, "completed");
                world.upstream.only_event(&id, "generation.completed");
                let whole = video(&id).body;
                assert!(is_the_video(&whole, mark), "{mark}: {} bytes", whole.len());
                assert_eq!(generation["result"]["fileSize"], whole.len(), "{mark}");
            }
            End::Failed(code) => {
                let generation = user.ends_as(&id, "failed");
                assert_eq!(
                    generation["errorCode"],
                    code,
                    "{mark}: {generation:#}\n{:#}",
                    user.timeline(&id)
                );
                assert!(
                    generation["error"]
                        .as_str()
                        .is_some_and(|error| error.ends_with('.')),
                    "{mark}: the error is one sentence"
                );
                world.upstream.only_event(&id, "generation.failed");
                assert_eq!(video(&id).status, 404, "{mark}");
            }
        }
        assert_eq!(
            world.upstream.requests("submit", &prompt).len(),
            case.submits,
            "submits of {mark}"
        );
        assert_eq!(
            world.upstream.paid(&prompt).len(),
            case.paid,
            "paid renders of {mark}"
        );
    }
    world
}

/// Whether these are the bytes of the sample, or of a video of the wanted size.
fn is_the_video(bytes: &[u8], mark: &str) -> bool {
    match mark.split_once("download:bytes:") {
        Some((_, length)) => length.parse() == Ok(bytes.len()) && follows_pattern(bytes, 0),
        None => bytes == SAMPLE,
    }
}

fn body_of(delivery: &Value) -> Value {
    serde_json::from_str(delivery["body"].as_str().expect("a body")).expect("JSON")
}
