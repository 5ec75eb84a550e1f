//! From the upstream's file to a verified object.

use crate::job_story::{Answer, JobStory, again, video};
use reelay::machine::Status;
use reelay::machine::job::{DeleteVideo, Effect, Refusal};
use reelay::machine::outcome::{ErrorCode, Trouble};
use reelay::time::MINUTE;

#[test]
fn a_video_of_another_size_than_announced_is_stored_again_i8() {
    assert_eq!(video(1).verified(9), Ok(video(1)));
    assert!(matches!(video(1).verified(10), Err(Trouble::Retry { .. })));
    let mut story = JobStory::storing();
    story.hears(Answer::Stored(video(1).verified(10)));
    assert_eq!(story.job.status(), Status::Processing);
    story.until_it_acts(|effect| matches!(effect, Effect::Store { attempt: 1, .. }));
}

#[test]
fn storing_outlives_the_deadline_because_the_render_is_paid_for() {
    let mut story = JobStory::storing();
    story.now += story.policy.job_timeout;
    story.hears(Answer::Stored(Err(Trouble::Unknown)));
    story.until_it_acts(|effect| matches!(effect, Effect::Store { .. }));
    story.hears(Answer::Stored(Ok(video(1))));
    assert_eq!(story.job.status(), Status::Completed);
}

#[test]
fn storing_that_never_works_fails_and_leaves_nothing_behind_i8() {
    let mut story = JobStory::storing();
    for _ in 0..story.policy.max_retries {
        story.hears(Answer::Stored(again(ErrorCode::StorageFailed, None)));
        story.until_it_acts(|effect| matches!(effect, Effect::Store { .. }));
    }
    story.hears(Answer::Stored(again(ErrorCode::StorageFailed, None)));
    assert_eq!(story.failure(), Some(ErrorCode::StorageFailed));
    story.until_it_acts(|effect| matches!(effect, Effect::DeleteFile { attempt: 1 }));
}

#[test]
fn a_paid_video_is_tried_for_long_after_the_retries_are_used_up() {
    let mut story = JobStory::storing();
    story.policy.store_timeout = 15 * MINUTE;
    let (began, mut tries) = (story.now, 0);
    while story.failure().is_none() {
        story.hears(Answer::Stored(again(ErrorCode::StorageFailed, None)));
        tries += 1;
        if story.failure().is_none() {
            story.until_it_acts(|effect| matches!(effect, Effect::Store { .. }));
        }
    }
    assert!(
        story.now >= began + 15 * MINUTE && story.now <= began + 17 * MINUTE,
        "{}",
        story.now - began
    );
    assert!(tries > 15, "at least once a minute: {tries}");
}

#[test]
fn a_deleted_video_is_gone_and_the_generation_stays_completed_i8() {
    let mut story = JobStory::storing();
    story.hears(Answer::Stored(Ok(video(1))));
    assert_eq!(story.takes(DeleteVideo), None);
    assert_eq!(story.job.video(), None);
    assert_eq!(story.job.status(), Status::Completed);
    assert_eq!(story.takes(DeleteVideo), Some(Refusal::NoVideo));
    story.until_it_acts(|effect| matches!(effect, Effect::DeleteFile { attempt: 1 }));
}
