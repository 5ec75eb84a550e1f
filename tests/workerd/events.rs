//! The live timeline, as Server-Sent Events.

use crate::harness::events::{Events, steps};
use crate::harness::{Api, exclusive, shared, unique, until};
use serde_json::json;
use std::time::Duration;

/// How many streams of one generation may be open at a time.
const MAX_STREAMS: usize = 64;
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_live_stream_tells_every_step_of_the_timeline_in_its_order_and_ends_with_the_job() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("watched live"));
    world.upstream.close("submit");
    let id = user.generate(&prompt);
    let mut events = user.events(&id, None);
    let before = events.until_step("submit_intended");
    world.upstream.wait_held("submit", &prompt, 1);
    world.upstream.open("submit");
    let rest = events.rest();
    assert_eq!(
        rest.last().map(|end| (end.name.as_str(), &end.data)),
        Some(("end", &json!({ "status": "completed" })))
    );
    let told = [steps(&before), steps(&rest)].concat();
    is_the_timeline(&user, &id, &told);
    assert_eq!(
        told.last().map(|(_, step)| step.as_str()),
        Some("completed")
    );
    let submitted = &before.last().expect("a step").data;
    assert_eq!(
        (
            &submitted["status"],
            &submitted["phase"],
            &submitted["progress"],
            &submitted["attempt"]
        ),
        (
            &json!("processing"),
            &json!("submitting"),
            &json!(5),
            &json!(1)
        ),
        "{submitted:#}"
    );
    assert!(
        submitted["at"].as_str().is_some_and(|at| at.ends_with('Z')),
        "{submitted:#}"
    );
}

#[test]
fn a_stream_resumes_behind_the_last_event_without_gap_or_repeat_and_with_nothing_left_it_is_over() {
    let world = shared();
    let user = world.user();
    let id = user.generate(&unique("resumed"));
    user.ends_as(&id, "completed");
    let whole = steps(&user.events(&id, None).rest());
    is_the_timeline(&user, &id, &whole);
    assert_eq!(
        whole.len(),
        user.steps(&id).len(),
        "an ended job's stream has the whole timeline"
    );
    for (after, _) in &whole[..whole.len() - 1] {
        let rest = user.events(&id, Some(*after)).rest();
        assert_eq!(
            steps(&rest),
            whole[usize::try_from(*after).expect("small")..]
        );
        assert_eq!(rest.last().map(|end| end.name.as_str()), Some("end"));
    }
    let path = format!("/api/generations/{id}/events");
    let last = whole.len().to_string();
    let by_header =
        |id: &str| user.send("GET", &path, |request| request.header("Last-Event-ID", id));
    let nothing = by_header(&last);
    assert_eq!((nothing.status, nothing.text().as_str()), (204, ""));
    assert_eq!(user.get(&format!("{path}?lastEventId={last}")).status, 204);
    let newer = user.send("GET", &format!("{path}?lastEventId=1"), |request| {
        request.header("Last-Event-ID", &last)
    });
    assert_eq!(
        newer.status, 204,
        "the header takes precedence over the parameter"
    );
    assert_eq!(
        by_header("none").json()["errors"][0]["header"],
        "Last-Event-ID"
    );
    assert_eq!(
        user.get(&format!("{path}?lastEventId=none")).json()["errors"][0]["parameter"],
        "lastEventId"
    );
    let head = user.send("HEAD", &path, |request| request);
    assert_eq!(
        (head.status, head.header("content-type"), head.body.len()),
        (200, "text/event-stream", 0)
    );
}

#[test]
fn a_stream_cut_off_by_a_kill_is_resumed_without_gap_or_repeat() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("killed while watched"));
    world.upstream.close("poll");
    let id = user.generate(&prompt);
    let mut events = user.events(&id, None);
    let before = steps(&events.until_step("submitted"));
    world.upstream.wait_held("poll", &prompt, 1);
    world.worker.kill();
    let cut_off = events.rest();
    assert!(
        cut_off.iter().all(|event| event.name == "progress"),
        "{cut_off:#?}"
    );
    world.upstream.wait_abandoned("poll", &prompt, 1);
    world.upstream.open("poll");
    world.worker.restart();
    let after = before.last().map(|(id, _)| *id);
    let rest = user.events(&id, after).rest();
    assert_eq!(
        rest.last().map(|end| &end.data),
        Some(&json!({ "status": "completed" }))
    );
    is_the_timeline(&user, &id, &[before, steps(&rest)].concat());
}

#[test]
fn a_waiting_jobs_stream_shows_that_it_is_alive_and_ends_when_it_is_cancelled() {
    let world = shared();
    let user = world.user();
    let id = pending(&user);
    let mut events = user.events(&id, None);
    events.until_step("created");
    let alive = events.next().expect("the stream goes on");
    assert_eq!(alive.name, ":", "only a heartbeat comes: {alive:?}");
    assert_eq!(
        user.post(&format!("/api/generations/{id}/cancel")).status,
        200
    );
    let rest = events.rest();
    assert_eq!(
        steps(&rest).last().map(|(_, step)| step.as_str()),
        Some("cancelled")
    );
    assert_eq!(
        rest.last()
            .map(|end| (end.name.as_str(), &end.data["status"])),
        Some(("end", &json!("cancelled")))
    );
}

#[test]
fn a_retry_after_the_end_is_told_by_a_new_stream() {
    let world = shared();
    let user = world.user();
    let id = pending(&user);
    assert_eq!(
        user.post(&format!("/api/generations/{id}/cancel")).status,
        200
    );
    let first = steps(&user.events(&id, None).rest());
    user.ends_as(&id, "cancelled");
    assert_eq!(
        user.post(&format!("/api/generations/{id}/retry")).status,
        200
    );
    let rest = user.events(&id, first.last().map(|(id, _)| *id)).rest();
    is_the_timeline(&user, &id, &[first, steps(&rest)].concat());
    let completed = rest
        .iter()
        .find(|event| event.data["step"] == "completed")
        .expect("the second attempt's end");
    assert_eq!(completed.data["attempt"], 2);
}

#[test]
fn streams_of_one_generation_are_bounded_and_one_whose_client_is_gone_makes_room_again() {
    let world = shared();
    let user = world.user();
    let id = pending(&user);
    let path = format!("/api/generations/{id}/events");
    let mut open: Vec<Events> = (0..MAX_STREAMS).map(|_| user.events(&id, None)).collect();
    for events in &mut open {
        events.until_step("created");
    }
    let refused = user.get(&path);
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (429, Some("too_many_streams")),
        "{}",
        refused.text()
    );
    assert!(
        refused
            .header("retry-after")
            .parse::<u32>()
            .is_ok_and(|seconds| seconds > 0),
        "{:?}",
        refused.headers
    );
    // Half of the clients disconnect. The platform notices when it next writes to their streams:
    // with the heartbeat.
    open.truncate(MAX_STREAMS / 2);
    let mut again = Vec::new();
    until("as many new streams fit", PATIENCE, || {
        again.extend(user.try_events(&id, None));
        (again.len() == MAX_STREAMS / 2).then_some(())
    });
    assert_eq!(user.get(&path).status, 429, "one stream more does not fit");
    assert_eq!(
        user.post(&format!("/api/generations/{id}/cancel")).status,
        200
    );
    for events in open.into_iter().chain(again) {
        let rest = events.rest();
        assert_eq!(rest.last().map(|end| end.name.as_str()), Some("end"));
    }
}

/// A generation that awaits confirmation, so that nothing happens to it.
fn pending(user: &Api) -> String {
    let answer = user.create(&json!({ "prompt": unique("not confirmed"), "confirm": true }));
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.generation_id()
}

/// These steps are the beginning of the generation's timeline, numbered from 1.
#[track_caller]
fn is_the_timeline(user: &Api, id: &str, told: &[(u64, String)]) {
    let numbered: Vec<(u64, String)> = (1..).zip(user.steps(id)).collect();
    assert_eq!(told, &numbered[..told.len()]);
}
