//! A job's answer to a bulk: it acts once, records the answer, and repeats it (I20, I4).

use crate::job_story::{Answer, BEGINNING, JobStory, never};
use reelay::machine::Status;
use reelay::machine::bulk::{BulkAction, BulkMark, BulkOutcome};
use reelay::machine::job::{BulkAct, Cancel, MAX_ATTEMPTS, Retry};
use reelay::machine::outcome::ErrorCode;

const BULK: u64 = 7;

#[test]
fn a_repeated_message_retries_once_even_if_the_new_attempt_has_failed_since_i19_i4() {
    let mut story = failed();
    let act = retry(BULK, story.job.epoch);
    assert_eq!(story.answers(act), Some(BulkOutcome::Done));
    assert_eq!((story.job.attempt, story.job.status()), (2, Status::Queued));
    assert_eq!(story.answers(act), Some(BulkOutcome::Done));
    story.start(story.job.epoch);
    story.refuse_submit();
    assert_eq!(story.job.status(), Status::Failed);
    assert_eq!(story.answers(act), Some(BulkOutcome::Done));
    assert_eq!((story.job.attempt, story.job.status()), (2, Status::Failed));
}

#[test]
fn a_retry_names_the_attempt_that_failed_and_starts_no_other_i19() {
    let mut story = failed();
    let chosen = story.job.epoch;
    assert_eq!(story.takes(Retry), None);
    story.start(story.job.epoch);
    story.refuse_submit();
    assert_eq!(
        story.answers(retry(BULK, chosen)),
        Some(BulkOutcome::Changed),
        "its user has retried it"
    );
    assert_eq!(story.job.attempt, 2);
}

#[test]
fn a_late_message_of_an_earlier_bulk_changes_nothing_i19() {
    let mut story = failed();
    let epoch = story.job.epoch;
    assert_eq!(story.answers(retry(BULK, epoch)), Some(BulkOutcome::Done));
    let before = story.job.clone();
    story.says(cancel(BULK - 1, None));
    assert_eq!(story.job, before);
}

#[test]
fn what_was_left_alone_stays_so_when_the_message_comes_again() {
    let mut story = JobStory::rendering();
    let act = retry(BULK, story.job.epoch);
    assert_eq!(story.answers(act), Some(BulkOutcome::NotRetryable));
    story.takes(Cancel);
    assert_eq!(story.answers(act), Some(BulkOutcome::NotRetryable));
    assert_eq!(story.job.status(), Status::Cancelled);
}

#[test]
fn a_live_job_is_cancelled_unless_it_left_the_status_that_was_chosen() {
    for (status, outcome, after) in [
        (None, BulkOutcome::Done, Status::Cancelled),
        (
            Some(Status::Processing),
            BulkOutcome::Done,
            Status::Cancelled,
        ),
        (
            Some(Status::Queued),
            BulkOutcome::Changed,
            Status::Processing,
        ),
    ] {
        let mut story = JobStory::rendering();
        assert_eq!(story.answers(cancel(BULK, status)), Some(outcome));
        assert_eq!(story.job.status(), after);
    }
    let mut over = failed();
    assert_eq!(
        over.answers(cancel(BULK, None)),
        Some(BulkOutcome::AlreadyEnded)
    );
}

#[test]
fn each_reason_against_a_retry_is_told() {
    let mut used_up = failed();
    used_up.alter(|record| record.attempt = MAX_ATTEMPTS);
    let mut without_images = failed();
    without_images.alter(|record| record.images_deleted_at = Some(1));
    for (mut story, outcome) in [
        (used_up, BulkOutcome::TooManyAttempts),
        (without_images, BulkOutcome::ImagesDeleted),
    ] {
        let act = retry(BULK, story.job.epoch);
        assert_eq!(story.answers(act), Some(outcome));
    }
}

#[test]
fn the_timeline_says_that_an_operator_acted_and_only_if_one_did() {
    let mut story = failed();
    let act = retry(BULK, story.job.epoch);
    story.answers(act);
    story.answers(act);
    story.answers(cancel(BULK + 1, None));
    story.answers(cancel(BULK + 2, None));
    let steps = story.timeline();
    assert_eq!(
        steps[steps.len() - 4..],
        ["operator_acted", "retried", "operator_acted", "cancelled"]
    );
}

#[test]
fn a_later_job_of_the_same_name_is_not_meant() {
    let mut story = failed();
    let act = BulkAct {
        created_at: BEGINNING - 1,
        ..retry(BULK, story.job.epoch)
    };
    assert_eq!(story.says(act), None);
    assert_eq!(story.job.status(), Status::Failed);
}

impl JobStory {
    /// The outcome that the job's answer to this bulk names.
    fn answers(&mut self, act: BulkAct) -> Option<BulkOutcome> {
        let state = self.says(act).expect("the job is there");
        state
            .bulk
            .filter(|mark: &BulkMark| mark.bulk == act.bulk)
            .map(|mark| mark.outcome)
    }

    fn refuse_submit(&mut self) {
        self.acts();
        self.hears(Answer::Submitted(never(ErrorCode::ProviderRejectedContent)));
    }
}

fn failed() -> JobStory {
    let mut story = JobStory::started();
    story.refuse_submit();
    assert_eq!(story.job.status(), Status::Failed);
    story
}

fn retry(bulk: u64, epoch: u64) -> BulkAct {
    BulkAct {
        bulk,
        action: BulkAction::Retry,
        created_at: BEGINNING,
        epoch,
        status: None,
    }
}

fn cancel(bulk: u64, status: Option<Status>) -> BulkAct {
    BulkAct {
        action: BulkAction::Cancel,
        status,
        ..retry(bulk, 0)
    }
}
