//! An old job is deleted once it has no message left to send and no video left to delete (I1, I8).

use crate::job_story::{Answer, JobStory, never};
use reelay::machine::Status;
use reelay::machine::delivery::Receipt;
use reelay::machine::job::Effect;
use reelay::machine::outcome::{ErrorCode, Trouble};

#[test]
fn an_ended_job_with_nothing_left_is_forgotten() {
    for life in [JobStory::failed, JobStory::cancelled] {
        let mut story = life();
        story.rests();
        assert!(story.is_deleted());
        assert!(story.job.is_deletable());
    }
}

#[test]
fn a_live_job_is_never_forgotten_i1() {
    let lives = [
        JobStory::accepted,
        JobStory::submitting,
        JobStory::rendering,
        JobStory::storing,
        waiting_for_confirmation,
    ];
    for life in lives {
        assert_kept(life());
    }
}

#[test]
fn a_job_with_a_webhook_or_a_report_left_is_kept_i5() {
    assert_kept(JobStory::cancelled());
    let mut unheard = JobStory::failed();
    unheard.reports();
    assert!(matches!(unheard.acts(), Effect::Deliver { .. }));
    unheard.hears(Answer::Delivered(Receipt::Failed {
        status: Some(500),
        retry_after: None,
    }));
    assert_kept(unheard);
}

#[test]
fn a_video_is_deleted_first_and_the_job_forgotten_when_it_is_gone_i8() {
    let mut story = JobStory::completed();
    story.rests();
    assert!(!story.is_deleted());
    assert_eq!(
        (story.status(), story.job.video()),
        (Status::Completed, None)
    );
    assert_eq!(story.next(), Effect::DeleteFile { attempt: 1 });
    story.hears(Answer::FileDeleted(Err(Trouble::Unknown)));
    assert!(!story.is_deleted(), "the file may still exist");
    assert_eq!(story.next(), Effect::DeleteFile { attempt: 1 });
    story.hears(Answer::FileDeleted(Ok(())));
    assert!(story.is_deleted());
}

#[test]
fn being_told_to_forget_again_and_again_deletes_the_video_once() {
    let mut story = JobStory::completed();
    story.rests();
    for _ in 0..5 {
        story.is_deleted();
    }
    let deleted = story
        .timeline()
        .iter()
        .filter(|note| **note == "video_deleted")
        .count();
    assert_eq!(deleted, 1);
}

#[test]
fn a_completed_job_with_a_webhook_left_keeps_its_video_for_it_i5() {
    let mut story = JobStory::completed();
    assert!(!story.is_deleted());
    assert!(story.job.video().is_some());
}

fn waiting_for_confirmation() -> JobStory {
    JobStory::ordered(|request| request.order.confirm = true)
}

fn assert_kept(mut story: JobStory) {
    let before = story.job.clone();
    assert!(!story.is_deleted(), "in {:?}", before.phase);
    assert_eq!(story.job, before);
}

#[test]
fn a_job_that_waits_for_another_prompt_is_not_forgotten_i1() {
    let mut story = JobStory::submitting();
    story.policy.clarifications = true;
    story.hears(Answer::Submitted(never(ErrorCode::ProviderRejectedContent)));
    story.reports();
    assert_kept(story);
}
