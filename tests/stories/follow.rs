//! What a live stream sends during a job's life, and when it ends.

use crate::job_story::{Answer, JobStory, never};
use reelay::machine::Status;
use reelay::machine::follow::{
    Beginning, Follower, HEARTBEAT, LONGEST_LIFE, Look, NumberedEntry, PAGE, PROGRESS_TICK,
    StreamEvent, Then, begin,
};
use reelay::machine::job::{Cancel, Retry, TimelineEntry, TimelineStep};
use reelay::machine::outcome::ErrorCode;
use reelay::time::{Millis, SECOND};

#[test]
fn every_entry_is_told_once_in_order_and_the_end_comes_behind_the_last() {
    let mut watched = Watched::from_the_first(JobStory::accepted());
    assert_eq!(watched.hears(), ["1 created"]);
    assert_eq!(
        watched.hears(),
        [""; 0],
        "a wake-up without a step sends nothing"
    );
    watched.story.start(1);
    watched.story.acts();
    assert_eq!(watched.hears(), ["2 started", "3 submit_intended"]);
    assert_eq!(watched.story.takes(Cancel), None);
    assert_eq!(watched.hears(), ["4 cancelled", "end Cancelled"]);
    assert_eq!(watched.then, Then::Close);
}

#[test]
fn a_stream_that_resumes_tells_what_comes_after_and_how_the_job_stands_now() {
    let mut watched = Watched::from(JobStory::rendering(), 2);
    assert_eq!(watched.hears(), ["3 submit_intended", "4 submitted"]);
    let stands = watched.events.iter().map(|event| match event {
        StreamEvent::Step { stand, .. } => {
            (stand.status, stand.phase, stand.attempt, stand.progress)
        }
        other => panic!("{other:?}"),
    });
    assert!(stands.eq([(Status::Processing, "rendering", 1, 10); 2]));
    let mut watched = Watched::from(JobStory::rendering(), 4);
    assert_eq!(
        watched.hears(),
        ["progress rendering 10"],
        "without new steps it sends the job's state"
    );
}

#[test]
fn while_rendering_progress_is_told_as_time_passes_and_only_if_it_changed() {
    let mut watched = Watched::from_the_first(JobStory::rendering());
    watched.hears();
    let began = watched.story.now;
    assert_eq!(
        watched.then,
        Then::Wait {
            until: began + PROGRESS_TICK
        }
    );
    assert_eq!(watched.hears(), [""; 0]);
    watched.story.now = began + PROGRESS_TICK;
    assert_eq!(watched.hears(), ["progress rendering 16"]);
}

#[test]
fn a_waiting_job_is_looked_at_for_its_heartbeat_alone_which_any_event_puts_off() {
    let mut watched = Watched::from_the_first(JobStory::accepted());
    watched.hears();
    let told_at = watched.story.now;
    assert_eq!(
        watched.then,
        Then::Wait {
            until: told_at + HEARTBEAT
        }
    );
    watched.story.now = told_at + HEARTBEAT - 1;
    assert_eq!(watched.hears(), [""; 0]);
    watched.story.now = told_at + HEARTBEAT;
    assert_eq!(watched.hears(), ["heartbeat"]);
    watched.story.start(1);
    watched.story.now += HEARTBEAT - 1;
    watched.hears();
    assert_eq!(
        watched.then,
        Then::Wait {
            until: watched.story.now + HEARTBEAT
        }
    );
}

#[test]
fn a_failed_attempt_ends_the_stream_and_a_retry_is_told_by_the_next_one() {
    let mut watched = Watched::from_the_first(JobStory::started());
    watched.story.acts();
    watched
        .story
        .hears(Answer::Submitted(never(ErrorCode::InvalidRequest)));
    assert!(watched.hears().ends_with(&["end Failed".to_owned()]));
    let told = watched.follower.told();
    assert_eq!(
        begin(&watched.story.job, told, told),
        Beginning::NothingLeft
    );
    assert_eq!(watched.story.takes(Retry), None);
    assert_eq!(
        begin(&watched.story.job, told, told),
        Beginning::After(told)
    );
    let mut next = Watched::from(watched.story, told);
    assert_eq!(next.hears(), [format!("{} retried", told + 1)]);
    assert!(matches!(next.events[0], StreamEvent::Step { stand, .. } if stand.attempt == 2));
}

#[test]
fn what_is_written_after_the_end_is_told_to_whoever_comes_later() {
    let mut watched = Watched::from_the_first(JobStory::accepted());
    assert_eq!(watched.story.takes(Cancel), None);
    let told = watched.hears();
    assert_eq!(
        told.last().map(String::as_str),
        Some("end Cancelled"),
        "the end does not wait for the webhook"
    );
    let last = watched.follower.told() + 1;
    assert_eq!(
        begin(&watched.story.job, last - 1, last),
        Beginning::After(last - 1)
    );
}

#[test]
fn an_id_that_is_still_to_come_is_of_an_earlier_job_and_begins_anew() {
    let live = JobStory::rendering().job;
    assert_eq!(begin(&live, 9, 4), Beginning::After(0));
    assert_eq!(begin(&live, 4, 4), Beginning::After(4));
    assert_eq!(begin(&live, 0, 4), Beginning::After(0));
}

#[test]
fn a_long_timeline_is_told_page_by_page_before_anything_else() {
    let story = JobStory::accepted();
    let mut follower = Follower::new(story.job.created_at, 0, story.now);
    let page = |from: u64| {
        (from..from + u64::from(PAGE))
            .map(|number| entry(number, TimelineStep::PollFailed))
            .collect::<Vec<_>>()
    };
    let first = follower.look(Some(&story.job), page(1), story.now);
    assert_eq!(
        (first.then, follower.told()),
        (Then::LookAgain, u64::from(PAGE))
    );
    let mut ended = JobStory::accepted();
    assert_eq!(ended.takes(Cancel), None);
    let second = follower.look(Some(&ended.job), page(1 + u64::from(PAGE)), story.now);
    assert!(
        !second
            .events
            .iter()
            .any(|event| matches!(event, StreamEvent::End { .. })),
        "a full page may not be the last"
    );
    let third = follower.look(Some(&ended.job), Vec::new(), story.now);
    assert_eq!(
        third,
        Look {
            events: vec![StreamEvent::End {
                status: Status::Cancelled
            }],
            then: Then::Close
        }
    );
}

#[test]
fn a_stream_ends_without_an_end_when_it_has_lived_long_or_its_job_is_gone() {
    let mut watched = Watched::from_the_first(JobStory::accepted());
    watched.hears();
    watched.story.now += LONGEST_LIFE;
    watched.hears();
    assert_eq!(watched.then, Then::Close);
    assert!(
        !watched
            .events
            .iter()
            .any(|event| matches!(event, StreamEvent::End { .. })),
        "the client is expected to resume"
    );

    let story = JobStory::accepted();
    let mut follower = Follower::new(story.job.created_at, 0, story.now);
    assert_eq!(
        follower.look(None, Vec::new(), story.now),
        Look {
            events: Vec::new(),
            then: Then::Close
        }
    );
    let mut follower = Follower::new(story.job.created_at - SECOND, 0, story.now);
    let another = follower.look(
        Some(&story.job),
        vec![entry(1, TimelineStep::Created)],
        story.now,
    );
    assert_eq!(
        another,
        Look {
            events: Vec::new(),
            then: Then::Close
        },
        "it does not follow another job of the same name"
    );
}

/// A job, and a stream that is woken when the test says so.
struct Watched {
    story: JobStory,
    follower: Follower,
    events: Vec<StreamEvent>,
    then: Then,
}

impl Watched {
    fn from_the_first(story: JobStory) -> Self {
        Self::from(story, 0)
    }

    fn from(story: JobStory, after: u64) -> Self {
        let follower = Follower::new(story.job.created_at, after, story.now);
        Self {
            story,
            follower,
            events: Vec::new(),
            then: Then::LookAgain,
        }
    }

    /// One poll of the stream; returns one short line per event.
    fn hears(&mut self) -> Vec<String> {
        // The story's timeline begins with the first step after the job's creation.
        let steps =
            std::iter::once(TimelineStep::Created).chain(self.story.timeline.iter().copied());
        let entries = (1..).zip(steps).map(|(number, step)| entry(number, step));
        let next = entries
            .filter(|entry| entry.number > self.follower.told())
            .collect();
        let Look { events, then } = self
            .follower
            .look(Some(&self.story.job), next, self.story.now);
        (self.events, self.then) = (events, then);
        self.events.iter().map(word).collect()
    }
}

fn word(event: &StreamEvent) -> String {
    match event {
        StreamEvent::Step { entry, .. } => {
            format!("{} {}", entry.number, entry.entry.step.as_str())
        }
        StreamEvent::Progress { stand } => format!("progress {} {}", stand.phase, stand.progress),
        StreamEvent::End { status } => format!("end {status:?}"),
        StreamEvent::Heartbeat => "heartbeat".to_owned(),
    }
}

fn entry(number: u64, step: TimelineStep) -> NumberedEntry {
    const AT: Millis = 1;
    NumberedEntry {
        number,
        entry: TimelineEntry {
            at: AT,
            step,
            detail: None,
        },
    }
}
