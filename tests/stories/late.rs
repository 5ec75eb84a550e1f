//! A late answer changes only the ledger and what is left to delete (I3, I8).

use crate::altered::altered;
use crate::job_story::{Answer, JobStory, again, slot};
use crate::life::{ready, stored, submitted};
use reelay::machine::Status;
use reelay::machine::job::{Cancel, EFFECT_GUARD, Effect, Job, Phase, SubmitAnswer, WakeReason};
use reelay::machine::metrics::Metrics;
use reelay::machine::outcome::{ErrorCode, Trouble};

#[test]
fn a_late_answer_of_a_cancelled_submit_changes_the_ledger_and_nothing_else_i8() {
    for (answer, told) in [
        (submitted(), SubmitAnswer::Accepted),
        (
            Answer::Submitted(again(ErrorCode::ProviderUnavailable, None)),
            SubmitAnswer::Refused,
        ),
        (
            Answer::Submitted(Err(Trouble::Unknown)),
            SubmitAnswer::Unknown,
        ),
    ] {
        let mut story = JobStory::submitting().then(Cancel);
        let cancelled = story.job.clone();
        story.hears(answer);
        // The availability belongs to the ledger: what the answer says about the upstream concerns
        // every job.
        let cancelled = altered(&cancelled, |record| {
            record.availability = story.job.availability;
        });
        assert_eq!(story.ledger(), [(1, told)]);
        assert_eq!(
            without_bookkeeping(&story.job),
            without_bookkeeping(&cancelled)
        );
    }
}

#[test]
fn a_late_answer_of_a_cancelled_poll_changes_nothing_i8() {
    for answer in [ready(), Answer::Polled(Err(Trouble::Unknown))] {
        let mut story = JobStory::rendering();
        assert!(matches!(story.next(), Effect::Poll { .. }));
        let mut story = story.then(Cancel);
        let cancelled = story.job.clone();
        story.hears(answer);
        assert_eq!(
            without_bookkeeping(&story.job),
            without_bookkeeping(&cancelled)
        );
    }
}

#[test]
fn a_job_cancelled_before_it_paid_never_pays_i4() {
    for life in [JobStory::accepted, JobStory::started] {
        let mut story = life().then(Cancel).then(slot(1));
        let left = story.rests();
        assert!(
            !left
                .iter()
                .any(|effect| matches!(effect, Effect::Submit { .. })),
            "{left:?}"
        );
        assert!(story.ledger().is_empty());
    }
}

#[test]
fn the_old_epochs_cut_off_submit_does_not_fail_the_new_attempt_i3() {
    let mut story = JobStory::submitting().then(Cancel).then_tried_again();
    assert_eq!(
        story.next(),
        Effect::Submit {
            epoch: 2,
            attempt: 2
        }
    );
    assert_eq!(
        story.ledger(),
        [(1, SubmitAnswer::Unknown), (2, SubmitAnswer::Intended)]
    );
    assert_eq!(story.status(), Status::Processing);
}

#[test]
fn the_old_epochs_poll_does_not_end_the_new_render_i3() {
    let mut story = JobStory::rendering();
    story.next();
    let mut story = story.then(Cancel).then_tried_again();
    story.hears(ready());
    assert!(matches!(story.job.phase, Phase::Submitting { .. }));
}

#[test]
fn the_old_attempts_video_is_removed_and_the_new_ones_kept_i3() {
    let mut story = JobStory::storing().then(Cancel).then_tried_again();
    story.hears(stored());
    let left = story.rests();
    assert_eq!(story.status(), Status::Completed);
    let removed: Vec<&Effect> = left
        .iter()
        .filter(|effect| matches!(effect, Effect::DeleteFile { .. }))
        .collect();
    assert_eq!(removed, [&Effect::DeleteFile { attempt: 1 }]);
}

#[test]
fn what_a_transfer_before_the_cancel_may_have_left_is_removed_i8() {
    let mut story = JobStory::storing();
    story.hears(Answer::Stored(Err(Trouble::Unknown)));
    let mut story = story.then(Cancel);
    assert!(story.rests().contains(&Effect::DeleteFile { attempt: 1 }));
}

#[test]
fn a_call_that_may_still_be_on_its_way_is_not_given_up() {
    let mut story = JobStory::submitting();
    let left_at = story.now;
    for since in [1, EFFECT_GUARD - 1] {
        story.now = left_at + since;
        assert_eq!(story.may_act(), None);
        assert_eq!(
            (story.ledger(), story.job.submits_made()),
            (vec![(1, SubmitAnswer::Intended)], 0)
        );
        assert_eq!(
            story.job.wake(story.now).map(|wake| wake.reason),
            Some(WakeReason::Guard)
        );
    }
    story.now = left_at + EFFECT_GUARD;
    story.acts();
    assert_eq!(
        (story.ledger(), story.job.submits_made()),
        (vec![(1, SubmitAnswer::Unknown)], 1)
    );
}

#[test]
fn a_clock_set_back_does_not_keep_a_call_on_its_way() {
    let mut story = JobStory::submitting();
    story.now -= 1;
    story.acts();
    assert_eq!(story.ledger(), [(1, SubmitAnswer::Unknown)]);
}

#[test]
fn a_job_cancelled_while_its_call_is_on_its_way_holds_its_slot_until_that_is_over_i9() {
    let mut story = JobStory::submitting().then(Cancel);
    assert_eq!(
        (story.job.status_told(), story.job.submits_made()),
        (Status::Processing, 0)
    );
    story.hears(Answer::Submitted(Err(Trouble::Unknown)));
    assert_eq!(
        (story.job.status_told(), story.job.submits_made()),
        (Status::Cancelled, 1)
    );
}

#[test]
fn an_answer_to_another_effect_is_not_taken_for_this_one() {
    let mut story = JobStory::submitting();
    let number = story.job.effect_number;
    let (before, after) = (
        story.answer_of(number - 1, Answer::Submitted(Err(Trouble::Unknown))),
        story.answer_of(number + 1, submitted()),
    );
    story.takes_any(before);
    story.takes_any(after);
    assert!(matches!(story.job.phase, Phase::Submitting { .. }) && story.job.is_submitting());
}

#[test]
fn a_slot_granted_again_and_again_pays_once_i4() {
    let mut story = JobStory::submitting();
    story.start(1);
    story.hears(submitted());
    story.start(1);
    story.rests();
    story.start(1);
    assert_eq!(
        (story.status(), story.ledger()),
        (Status::Completed, vec![(1, SubmitAnswer::Accepted)])
    );
}

/// The job without its ledger, its report to the queue, its effect in flight and the time of its
/// last change.
fn without_bookkeeping(job: &Job) -> Job {
    altered(job, |record| {
        record.report = None;
        record.report_number = 0;
        record.metrics = Metrics::default();
        record.submits = Vec::new();
        record.in_flight = None;
        record.updated_at = 0;
    })
}
