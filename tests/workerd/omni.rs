//! Features of the Interactions API only: files that are not ready, and renders that can be
//! cancelled.

use crate::harness::upstream::SAMPLE;
use crate::harness::{Wire, exclusive, shared, unique};

#[test]
fn a_file_that_is_not_ready_is_waited_for_and_one_that_failed_fails_the_job() {
    let world = shared();
    let user = world.user().over(Wire::Omni);
    let slow = user.generate(&format!("{} [[file:processing*3]]", unique("not ready")));
    let failed = user.generate(&format!("{} [[file:failed]]", unique("never ready")));
    user.ends_as(&slow, "completed");
    assert!(user.get(&format!("/api/generations/{slow}/video")).body == SAMPLE);
    user.fails_with(&failed, "provider_unavailable");
}

#[test]
fn a_cancelled_render_is_given_up_upstream() {
    let world = exclusive();
    let (user, prompt) = (
        world.user().over(Wire::Omni),
        unique("[[render:600000]] cancelled over omni"),
    );
    world.upstream.close("poll");
    let id = user.generate(&prompt);
    world.upstream.wait_held("poll", &prompt, 1);
    assert_eq!(
        user.post(&format!("/api/generations/{id}/cancel")).json()["status"],
        "cancelled"
    );
    world.upstream.open("poll");
    world.upstream.wait("cancel", &prompt, 1);
    user.ends_as(&id, "cancelled");
    assert_eq!(world.upstream.requests("download", &prompt).len(), 0);
    assert_eq!(world.upstream.requests("cancel", &prompt).len(), 1);
}

#[test]
fn a_render_accepted_after_its_user_has_cancelled_is_given_up_too() {
    let world = exclusive();
    let (user, prompt) = (
        world.user().over(Wire::Omni),
        unique("cancelled while submitting"),
    );
    world.upstream.close_after_acceptance();
    let id = user.generate(&prompt);
    world.upstream.wait_held("submit", &prompt, 1);
    assert_eq!(
        user.post(&format!("/api/generations/{id}/cancel")).status,
        200
    );
    world.upstream.open("submit");
    world.upstream.wait("cancel", &prompt, 1);
    user.ends_as(&id, "cancelled");
}
