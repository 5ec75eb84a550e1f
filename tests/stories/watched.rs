//! The queue checks every job that has something left to do until nothing is left (I2), and deletes
//! it when it is old (I1).

use crate::queue_story::{
    MISSING, NOTHING, QueueStory, Said, asking, key, said, slot, state, summary, told,
};
use reelay::machine::Status;
use reelay::machine::job::{Start, State};
use reelay::machine::lease::{ASK_AGAIN, WATCH};
use reelay::machine::queue::{Ask, GetPositions, Question, Stage, Summary};
use reelay::time::{DAY, HOUR, Millis, SECOND};

#[test]
fn an_ended_job_is_asked_until_it_says_that_nothing_is_left_i2() {
    let mut story = ended("job");
    let ended_at = story.now;
    for number in 0..20 {
        assert_eq!(story.asks(), [check("job", 1)]);
        assert!(number > 0 || story.now == ended_at + WATCH);
        story.hears(
            "job",
            1,
            if number % 2 == 0 {
                NOTHING
            } else {
                left(story.now + SECOND)
            },
        );
    }
    story.asks();
    story.hears("job", 1, said(1, 2, Status::Completed, None));
    assert_eq!((story.stage("job"), story.wake_at), (Stage::Ended, None));
}

#[test]
fn an_answer_from_before_a_report_does_not_say_that_nothing_is_left_i2() {
    let mut story = ended("job");
    story.asks();
    // The answer is in flight when the user deletes the video, and the report of the deletion
    // overtakes it.
    story.report(told("job", 1, 3, Status::Completed));
    story.hears("job", 1, said(1, 2, Status::Completed, None));
    assert_eq!(story.asks(), [check("job", 1)]);
    story.hears("job", 1, said(1, 3, Status::Completed, None));
    assert_eq!((story.stage("job"), story.wake_at), (Stage::Ended, None));
}

#[test]
fn no_answer_is_asked_for_again_soon() {
    let mut story = ended("job");
    story.asks();
    story.hears("job", 1, NOTHING);
    assert_eq!(story.wake_at, Some(story.now + ASK_AGAIN));
}

#[test]
fn a_job_with_a_dead_receiver_is_not_asked_more_often_than_its_own_timers() {
    let mut story = ended("job");
    let began = story.now;
    let mut asked = 0;
    for wait in [2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR] {
        story.asks();
        asked += 1;
        let next = story.now + wait;
        story.hears("job", 1, left(next));
        assert_eq!(story.wake_at, Some(next + WATCH));
    }
    assert!(story.now > began + 17 * HOUR && asked == 4);
}

#[test]
fn a_timer_in_the_far_future_is_looked_after_once_a_day() {
    let mut story = ended("job");
    story.asks();
    story.hears("job", 1, left(Millis::MAX));
    assert_eq!(story.wake_at, Some(story.now + DAY + WATCH));
}

#[test]
fn a_lost_timer_is_counted_and_shown_until_the_job_is_found_well() {
    let mut story = ended("job");
    let late = |late| {
        Ok(Some(State {
            late,
            ..state(1, 2, Status::Completed, Some(0))
        }))
    };
    story.asks();
    story.hears("job", 1, late(true));
    assert_eq!(
        (
            story.entry("job").unwrap().late,
            story.rows.book.timers_repaired
        ),
        (true, 1)
    );
    story.asks();
    story.hears("job", 1, late(false));
    assert_eq!(
        (
            story.entry("job").unwrap().late,
            story.rows.book.timers_repaired
        ),
        (false, 1)
    );
}

#[test]
fn a_holders_lost_timer_is_counted_too() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    let wake_at = Some(story.now);
    let lost = Ok(Some(State {
        late: true,
        submits: 1,
        ..state(1, 1, Status::Processing, wake_at)
    }));
    story.hears("job", 1, lost);
    assert_eq!(
        (story.holders(), story.rows.book.timers_repaired),
        (vec!["job".to_owned()], 1)
    );
}

#[test]
fn a_job_that_does_not_exist_any_more_is_asked_no_longer() {
    let mut story = ended("job");
    story.asks();
    story.hears("job", 1, MISSING);
    assert_eq!((story.stage("job"), story.wake_at), (Stage::Ended, None));
}

#[test]
fn a_job_that_waits_for_its_user_is_watched_and_takes_no_slot_until_it_enqueues_i9() {
    for status in [Status::PendingConfirmation, Status::PendingClarification] {
        let mut story = QueueStory::with_slots(1);
        let position = story.order(told("job", 1, 0, status)).unwrap();
        assert_eq!((position.number, position.admitted), (0, None));
        assert_eq!(story.asks(), [check("job", 1)]);
        story.hears("job", 1, said(1, 0, status, Some(story.now + DAY)));
        assert_eq!(story.wake_at, Some(story.now + DAY + WATCH));
        let confirmed = story.enqueue(told("job", 2, 1, Status::Queued)).unwrap();
        assert_eq!(confirmed.admitted, slot(2));
    }
}

#[test]
fn a_holder_that_now_waits_for_its_user_gives_its_slot_back_i9() {
    for told_by_report in [true, false] {
        let mut story = QueueStory::with_slots(1);
        story.enqueue(summary("asking", 0));
        story.enqueue(summary("next", 0));
        if told_by_report {
            story.report(told("asking", 1, 2, Status::PendingClarification));
        } else {
            story.hears(
                "asking",
                1,
                said(1, 2, Status::PendingClarification, Some(story.now + DAY)),
            );
        }
        assert_eq!(story.holders(), ["next"]);
        assert!(matches!(story.stage("asking"), Stage::Watched { .. }));
    }
}

#[test]
fn an_old_job_is_told_to_forget_itself_until_it_is_gone_and_then_leaves_the_catalogue() {
    let mut story = nothing_left("old");
    mark_for_deletion(&mut story);
    for _ in 0..3 {
        assert_eq!(story.asks(), [asking("old", 1, Question::Delete)]);
        story.hears("old", 1, NOTHING);
    }
    story.asks();
    story.hears("old", 1, MISSING);
    assert_eq!((story.entry("old"), story.wake_at), (None, None));
}

#[test]
fn only_what_ended_long_ago_with_nothing_left_is_forgotten() {
    let mut story = nothing_left("young");
    story.mark_for_deletion(0);
    assert_eq!(story.stage("young"), Stage::Ended);
    story.enqueue(summary("running", 0));
    story.report(told("watched", 1, 2, Status::Failed));
    let before = story.rows.entries.clone();
    story.mark_for_deletion(1);
    for (key, entry) in before {
        let expires = key.generation_id == "young";
        assert_eq!(
            story.rows.entries[&key].stage != entry.stage,
            expires,
            "{key:?}"
        );
    }
}

#[test]
fn a_job_retried_while_it_expires_lives_on_i1() {
    let mut story = nothing_left("job");
    mark_for_deletion(&mut story);
    story.asks();
    story.hears("job", 1, said(2, 3, Status::Queued, Some(story.now)));
    assert!(matches!(story.stage("job"), Stage::Watched { .. }));
    assert_eq!(
        story
            .enqueue(told("job", 2, 3, Status::Queued))
            .unwrap()
            .admitted,
        slot(2)
    );
    story.hears("job", 1, MISSING);
    assert_eq!(
        story.holders(),
        ["job"],
        "a late answer does not take the slot away (I3)"
    );
}

#[test]
fn a_job_that_reports_that_its_video_is_deleted_is_still_forgotten() {
    let mut story = nothing_left("job");
    mark_for_deletion(&mut story);
    story.asks();
    story.hears("job", 1, said(1, 3, Status::Completed, Some(story.now)));
    story.report(Summary {
        updated_at: story.now,
        ..told("job", 1, 3, Status::Completed)
    });
    assert!(matches!(story.stage("job"), Stage::Deleting { .. }));
    assert_eq!(story.asks()[0].question, Question::Delete);
    story.hears("job", 1, MISSING);
    assert_eq!(story.entry("job"), None);
}

#[test]
fn a_new_job_of_a_forgotten_ones_name_gets_its_place_i1() {
    let mut story = nothing_left("job");
    mark_for_deletion(&mut story);
    story.asks();
    // The old job is gone, but its answer was lost; a new job has its name.
    let new = Summary {
        created_at: story.now,
        ..summary("job", 0)
    };
    let started = Some(Start {
        epoch: 1,
        created_at: story.now,
    });
    assert_eq!(story.enqueue(new.clone()).unwrap().admitted, started);
    story.hears("job", 1, MISSING);
    assert_eq!(
        story.enqueue(new).unwrap().admitted,
        started,
        "a late answer about the old job only delays the new one"
    );
}

#[test]
fn an_admitted_job_is_started_before_others_are_asked_what_is_left_i2() {
    let mut story = QueueStory::with_slots(1);
    for number in 0..200 {
        story.report(told(&format!("old-{number:03}"), 1, 2, Status::Completed));
    }
    story.now += HOUR;
    story.enqueue(summary("running", 0));
    story.enqueue(summary("next", 0));
    story.ends("running");
    let first = story.asks();
    assert!(first.contains(&asking("next", 1, Question::Start)));
}

/// A job that has ended and still has something left to do.
fn ended(name: &str) -> QueueStory {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary(name, 0));
    story.ends(name);
    story
}

fn nothing_left(name: &str) -> QueueStory {
    let mut story = ended(name);
    story.asks();
    story.hears(name, 1, said(1, 2, Status::Completed, None));
    story
}

/// The daily clean-up marks jobs that ended before now.
fn mark_for_deletion(story: &mut QueueStory) {
    story.mark_for_deletion(story.now);
}

fn left(wake_at: Millis) -> Said {
    said(1, 2, Status::Completed, Some(wake_at))
}

fn check(name: &str, epoch: u64) -> Ask {
    asking(name, epoch, Question::Check)
}

#[test]
fn a_job_that_its_user_has_put_in_line_is_asked_although_it_has_not_yet_said_so_i2() {
    let mut story = nothing_left("again");
    story.takes(GetPositions {
        key: key("again"),
        others: Vec::new(),
    });
    assert!(matches!(story.stage("again"), Stage::Watched { .. }));
    assert_eq!(story.asks(), [check("again", 1)]);
}

#[test]
fn a_job_that_is_asked_for_beside_another_reader_s_is_left_as_it_is() {
    let mut story = nothing_left("ended");
    story.enqueue(summary("first", 0));
    let question = GetPositions {
        key: key("first"),
        others: vec![key("ended"), key("unknown")],
    };
    let before = story.rows.entries.clone();
    let positions = story.takes(question);
    assert_eq!(positions.len(), 3);
    assert_eq!(story.rows.entries, before);
}

#[test]
fn asking_where_a_job_stands_that_is_in_line_changes_nothing() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("first", 0));
    story.enqueue(summary("second", 0));
    let before = story.rows.entries.clone();
    story.takes(GetPositions {
        key: key("first"),
        others: Vec::new(),
    });
    story.takes(GetPositions {
        key: key("second"),
        others: Vec::new(),
    });
    assert_eq!(story.rows.entries, before);
}
