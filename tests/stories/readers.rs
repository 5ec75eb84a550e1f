//! What readers of waiting jobs are told: the positions of all, taken a moment ago.

use crate::queue_story::{QueueStory, key, summary, told};
use reelay::machine::Status;
use reelay::machine::limiter::Availability;
use reelay::machine::queue;
use reelay::machine::queue::{BlockedBy, Newcomer, Pause, Position, Positions, Rows, Summary};
use reelay::time::{MINUTE, SECOND};

#[test]
fn who_is_in_line_is_told_the_same_as_when_asking_alone() {
    let mut story = QueueStory::with_slots(1);
    for name in ["holder", "one", "two", "three"] {
        story.enqueue(summary(name, 0));
    }
    story.enqueue(summary("urgent", 5));
    let positions = taken(&story);
    for name in ["one", "two", "three", "urgent"] {
        let told = positions.find(&key(name), waiting(0), story.now);
        assert_eq!(told, Some(story.position(name)), "{name}");
    }
}

#[test]
fn who_has_joined_since_is_told_the_end_of_the_line_and_why_it_waits() {
    let mut story = QueueStory::with_slots(1);
    for name in ["holder", "one"] {
        story.enqueue(summary(name, 0));
    }
    let position = newcomer(&story, waiting(story.now));
    assert_eq!(
        (position.number, position.blocked_by),
        (2, Some(BlockedBy::Concurrency))
    );
    assert!(position.estimated_start >= story.position("one").estimated_start);

    let until = story.now + MINUTE;
    let later = Newcomer {
        not_before: Some(until),
        ..waiting(story.now)
    };
    let position = newcomer(&story, later);
    assert_eq!(position.blocked_by, Some(BlockedBy::StartAfter));
    assert!(position.estimated_start >= Some(until));
    let again = Newcomer {
        has_submitted: true,
        ..later
    };
    let position = newcomer(&story, again);
    assert_eq!(position.blocked_by, Some(BlockedBy::UpstreamBackoff));

    story.takes(Pause);
    let position = newcomer(&story, later);
    assert_eq!(position.blocked_by, Some(BlockedBy::Paused));
}

#[test]
fn a_newcomer_of_an_upstream_that_is_shut_is_told_so() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("holder", 0));
    let refused = Summary {
        submits: 1,
        ..told("holder", 1, 1, Status::Queued)
    };
    let upstream = refused.upstream.clone();
    let asked = Availability::NotNow {
        after: Some(MINUTE),
    };
    story.report_with(refused, Some(asked));
    let shut = Newcomer {
        upstream: &upstream,
        ..waiting(story.now)
    };
    let position = newcomer(&story, shut);
    assert_eq!(position.blocked_by, Some(BlockedBy::UpstreamBackoff));
    let position = newcomer(&story, waiting(story.now));
    assert_ne!(position.blocked_by, Some(BlockedBy::UpstreamBackoff));
}

#[test]
fn a_newcomer_is_in_no_line_where_a_slot_is_free() {
    let story = QueueStory::with_slots(1);
    assert_eq!(newcomer(&story, waiting(story.now)), Position::NOT_IN_LINE);
}

#[test]
fn of_who_should_be_in_line_and_is_not_only_the_queue_knows_more() {
    let story = QueueStory::with_slots(1);
    let long_ago = waiting(story.now - 3 * SECOND);
    let told = taken(&story).find(&key("missing"), long_ago, story.now);
    assert_eq!(told, None);
}

#[test]
fn the_positions_of_a_short_line_serve_for_a_second() {
    let story = QueueStory::with_slots(1);
    let positions = taken(&story);
    assert!(positions.are_recent(story.now + SECOND - 1));
    assert!(!positions.are_recent(story.now + SECOND));
}

fn taken(story: &QueueStory) -> Positions {
    let Ok(memory) = story.rows.memory();
    let Ok(line) = queue::line(&story.rows, &memory, &story.policy, story.now);
    Positions::from(line)
}

fn newcomer(story: &QueueStory, job: Newcomer<'_>) -> Position {
    let position = taken(story).find(&key("newcomer"), job, story.now);
    position.expect("it is new")
}

fn waiting(since: u64) -> Newcomer<'static> {
    Newcomer {
        upstream: "another/model",
        has_submitted: false,
        since,
        not_before: None,
    }
}
