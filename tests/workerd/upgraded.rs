//! A worker that takes over the state of an earlier build, killed with jobs in every phase, carries all of them on.

use crate::harness::fixtures::STATE_V1;
use crate::harness::upstream::SAMPLE;
use crate::harness::{Api, World};

#[test]
fn jobs_of_the_first_build_end_as_they_would_have_and_none_is_paid_for_twice_i1_i4_i11() {
    let world = World::start_on(STATE_V1, &[]);
    let user = world.user_named(STATE_V1.user);
    for (id, marks) in [
        ("v1-queued", ""),
        ("v1-queued-second", ""),
        ("v1-rendering", ""),
        ("v1-between-polls", " [[render:600000]]"),
        ("v1-storing", ""),
        ("v1-notifying", ""),
    ] {
        user.ends_as(id, "completed");
        assert_eq!(world.upstream.paid(&prompt(id, marks)).len(), 1, "{id}");
        world.upstream.only_event(id, "generation.completed");
        has_its_video(&user, id);
    }
    for (id, marks, paid) in [("v1-submitting", "", 0), ("v1-submitting-paid", " [[submit:hang-after]]", 1)] {
        user.fails_with(id, "submit_outcome_unknown");
        assert_eq!(world.upstream.paid(&prompt(id, marks)).len(), paid, "{id}");
        assert!(world.upstream.requests("submit", &prompt(id, marks)).is_empty(), "{id} was submitted again");
        world.upstream.only_event(id, "generation.failed");
    }
    let slots = user.get("/api/queue/status").json();
    assert_eq!(slots["status"]["slots"]["used"], 0, "{slots:#}");
}

#[test]
fn what_had_ended_under_the_first_build_is_as_it_was_and_not_told_again_i8_i11() {
    let world = World::start_on(STATE_V1, &[]);
    let user = world.user_named(STATE_V1.user);
    for (id, status) in [
        ("v1-completed", "completed"),
        ("v1-retried", "completed"),
        ("v1-deleted", "completed"),
        ("v1-failed", "failed"),
        ("v1-cancelled", "cancelled"),
    ] {
        user.ends_as(id, status);
        assert!(world.upstream.inbox(id).is_empty(), "the app was told of {id} long ago");
    }
    has_its_video(&user, "v1-completed");
    has_its_video(&user, "v1-retried");
    assert_eq!(user.get("/api/generations/v1-deleted/video").status, 404);
}

/// The prompt that a job of the fixture was made with.
fn prompt(id: &str, marks: &str) -> String {
    format!("upgrade {}{marks}", id.trim_start_matches("v1-"))
}

fn has_its_video(user: &Api, id: &str) {
    let video = user.get(&format!("/api/generations/{id}/video"));
    assert!(video.status == 200 && video.body == SAMPLE, "{id}: {} with {} bytes", video.status, video.body.len());
}
