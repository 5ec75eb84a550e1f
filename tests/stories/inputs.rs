//! An order's images are kept as long as an attempt may need them, and no longer.

use crate::job_story::{Answer, JobStory, again, never};
use crate::life::{ready, stored, submitted};
use reelay::machine::Status;
use reelay::machine::delivery::Receipt;
use reelay::machine::job::{Cancel, Effect, IMAGES, ImageRole, InputImage, Refusal, Retry};
use reelay::machine::outcome::{ErrorCode, Trouble};

const DISCARD_INPUTS: Effect = Effect::DeleteFile { attempt: IMAGES };

#[test]
fn the_images_of_a_completed_order_are_deleted() {
    let mut story = with_images(JobStory::storing());
    story.hears(stored());
    let left = story.rests();
    assert_eq!(
        (left.last(), left.len()),
        (Some(&DISCARD_INPUTS), 2),
        "the images go after the webhook: {left:?}"
    );
    assert!(story.job.video().is_some(), "the video stays");
}

#[test]
fn an_order_without_images_has_none_to_delete() {
    let mut story = JobStory::completed();
    assert!(!story.rests().contains(&DISCARD_INPUTS));
}

#[test]
fn a_failed_or_cancelled_order_keeps_its_images_for_a_further_attempt() {
    for life in [JobStory::failed, JobStory::cancelled, || {
        JobStory::rendering().then(Cancel)
    }] {
        let mut story = with_images(life());
        assert!(!story.rests().contains(&DISCARD_INPUTS));
        assert_eq!(story.takes_any(Retry), None);
        story.until_it_acts(|effect| matches!(effect, Effect::Submit { attempt: 2, .. }));
    }
}

#[test]
fn no_images_are_deleted_while_the_attempt_may_submit_again() {
    let mut story = with_images(JobStory::submitting());
    story.hears(Answer::Submitted(again(
        ErrorCode::ProviderUnavailable,
        None,
    )));
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    story.hears(submitted());
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(ready());
    story.until_it_acts(|effect| matches!(effect, Effect::Store { .. }));
    assert!(story.job.images_deleted_at.is_none() && story.job.deletions.is_empty());
}

#[test]
fn an_old_order_is_forgotten_when_its_images_are_gone() {
    let mut story = with_images(JobStory::failed());
    story.rests();
    assert!(!story.is_deleted());
    assert_eq!(story.next(), DISCARD_INPUTS);
    story.hears(Answer::FileDeleted(Err(Trouble::Unknown)));
    assert!(!story.is_deleted(), "the images may still exist");
    assert_eq!(story.next(), DISCARD_INPUTS);
    story.hears(Answer::FileDeleted(Ok(())));
    assert!(story.is_deleted());
}

#[test]
fn a_completed_order_is_forgotten_when_video_and_images_are_gone_i8() {
    let mut story = with_images(JobStory::storing());
    story.hears(stored());
    story.rests();
    story.is_deleted();
    assert_eq!(
        story.rests(),
        [Effect::DeleteFile { attempt: 1 }],
        "the images were deleted when the job completed"
    );
    assert!(story.is_deleted());
}

#[test]
fn an_order_that_is_being_forgotten_cannot_be_tried_again_without_its_images() {
    let mut story = with_images(JobStory::failed());
    story.rests();
    story.is_deleted();
    let before = story.job.clone();
    assert_eq!(story.takes_any(Retry), Some(Refusal::ImagesGone));
    assert_eq!(story.job, before);
    story.rests();
    assert_eq!(story.takes_any(Retry), Some(Refusal::ImagesGone));
}

#[test]
fn being_told_to_forget_while_a_webhook_is_left_deletes_nothing_i5() {
    let mut story = with_images(JobStory::failed());
    story.reports();
    assert!(matches!(story.acts(), Effect::Deliver { .. }));
    story.hears(Answer::Delivered(Receipt::Failed {
        status: Some(500),
        retry_after: None,
    }));
    story.is_deleted();
    assert!(story.job.deletions.is_empty());
    assert_eq!(story.takes_any(Retry), None);
}

#[test]
fn a_storage_failure_keeps_the_images_and_removes_the_half_video() {
    let mut story = with_images(JobStory::storing());
    story.hears(Answer::Stored(never(ErrorCode::StorageFailed)));
    let left = story.rests();
    assert!(
        left.contains(&Effect::DeleteFile { attempt: 1 }) && !left.contains(&DISCARD_INPUTS),
        "{left:?}"
    );
    assert_eq!(story.status(), Status::Failed);
}

fn with_images(mut story: JobStory) -> JobStory {
    let image = |role, number| InputImage {
        role,
        mime_type: "image/png".to_owned(),
        key: format!("inputs/ada/lighthouse/{number}"),
        size: 9,
    };
    let images = vec![
        image(ImageRole::FirstFrame, 1),
        image(ImageRole::Reference, 2),
    ];
    story.alter(|record| record.order.images = images);
    story
}
