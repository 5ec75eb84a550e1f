//! A terminal status is final (I8), and an action that is not allowed changes nothing.

use crate::job_story::{Answer, DELETE, Input, JobStory, again, dead_letter, never, slot};
use crate::life::{ready, stored, submitted};
use reelay::machine::delivery::{EventKind, Receipt};
use reelay::machine::job::{
    Cancel, Clarify, Confirm, DeleteVideo, Effect, Refusal, Retry, UpstreamWebhook,
};
use reelay::machine::outcome::{ErrorCode, Trouble};
use reelay::time::SECOND;
use std::collections::BTreeSet;

#[test]
fn terminal_is_final_for_every_input_i8() {
    for ended in [
        JobStory::completed,
        JobStory::failed,
        JobStory::cancelled,
        || JobStory::submitting().then(Cancel),
        || JobStory::storing().then(Cancel),
    ] {
        for input in every_input_but_retry() {
            let mut story = ended();
            let (phase, events, submits) = (
                story.job.phase.clone(),
                story.events(),
                story.job.submits.len(),
            );
            story.now += SECOND;
            story.takes_any(input.clone());
            story.rests();
            assert_eq!(story.job.phase, phase, "after {input:?}");
            assert_eq!(
                (story.events(), story.job.submits.len()),
                (events, submits),
                "after {input:?}"
            );
        }
    }
}

#[test]
fn what_is_refused_changes_nothing_i8() {
    let live = [
        JobStory::accepted,
        JobStory::submitting,
        JobStory::rendering,
        JobStory::storing,
    ];
    let without_video = [JobStory::failed, JobStory::cancelled, || {
        JobStory::completed().then(DeleteVideo)
    }];
    let refused = live
        .map(|life| (life, Input::from(Retry), Refusal::NotRetryable))
        .into_iter()
        .chain(
            [JobStory::completed, JobStory::failed, JobStory::cancelled]
                .map(|life| (life, Input::from(Cancel), Refusal::AlreadyEnded)),
        );
    let no_video = live
        .into_iter()
        .chain(without_video)
        .map(|life| (life, Input::from(DeleteVideo), Refusal::NoVideo));
    for (life, input, refusal) in refused.chain(no_video) {
        let mut story = life();
        let before = story.job.clone();
        assert_eq!(
            story.takes_any(input.clone()),
            Some(refusal),
            "{input:?} in {:?}",
            before.phase
        );
        assert_eq!(story.job, before);
    }
}

#[test]
fn each_end_is_exactly_one_event_i5() {
    for (mut story, kind) in [
        (JobStory::completed(), EventKind::Completed),
        (JobStory::failed(), EventKind::Failed),
        (JobStory::cancelled(), EventKind::Cancelled),
    ] {
        let sent = story
            .rests()
            .into_iter()
            .filter(|effect| matches!(effect, Effect::Deliver { .. }))
            .count();
        assert_eq!((story.events(), sent), (vec![kind], 1));
    }
}

#[test]
fn each_attempts_end_has_an_id_of_its_own_i5() {
    let mut story = JobStory::cancelled();
    for _ in 0..3 {
        story = story.then(Retry).then(Cancel);
    }
    let ids: BTreeSet<&str> = story
        .job
        .outbox
        .iter()
        .map(|delivery| delivery.id.as_str())
        .collect();
    let places: Vec<u64> = story
        .job
        .outbox
        .iter()
        .map(|delivery| delivery.sequence)
        .collect();
    assert_eq!((ids.len(), places), (4, vec![1, 2, 3, 4]));
}

#[test]
fn a_job_the_queue_knows_or_may_know_is_not_forgotten_i1() {
    let mut asking = JobStory::accepted();
    asking.next();
    let mut unanswered = JobStory::accepted();
    unanswered.next();
    unanswered.hears(Answer::Enqueued(Err(Trouble::Unknown)));
    let again = JobStory::cancelled().then(Retry);
    let confirmed = JobStory::ordered(|request| request.order.confirm = true).then(Confirm);
    for story in [
        asking,
        unanswered,
        again,
        confirmed,
        JobStory::started(),
        JobStory::completed(),
        JobStory::cancelled(),
    ] {
        assert!(
            !story.job.can_withdraw(story.job.created_at),
            "{:?}",
            story.job.phase
        );
    }
}

/// Every input except the user's retry, which begins a new attempt.
fn every_input_but_retry() -> Vec<Input> {
    let answers = [
        Answer::Enqueued(Ok(true)),
        Answer::Enqueued(Err(Trouble::Unknown)),
        submitted(),
        Answer::Submitted(Err(Trouble::Unknown)),
        Answer::Submitted(again(ErrorCode::ProviderUnavailable, None)),
        ready(),
        Answer::Polled(never(ErrorCode::ProviderRejectedContent)),
        stored(),
        Answer::Stored(Err(Trouble::Unknown)),
        Answer::Reported(Ok(())),
        Answer::Delivered(Receipt::Gone),
        Answer::UpstreamCancelled(Ok(())),
        Answer::FileDeleted(Ok(())),
    ];
    let mut inputs = vec![
        Input::Alarm,
        Cancel.into(),
        Confirm.into(),
        DeleteVideo.into(),
        DELETE.into(),
    ];
    inputs.push(
        UpstreamWebhook {
            id: "push-1".to_owned(),
        }
        .into(),
    );
    inputs.push(Clarify::Prompt("another".to_owned()).into());
    inputs.extend([0, 1, 2].map(|epoch| dead_letter(epoch).into()));
    inputs.extend([0, 1, 2, u64::MAX].map(|epoch| slot(epoch).into()));
    for number in 0..8 {
        inputs.extend(answers.iter().map(|answer| {
            let answer = answer.clone().to(effect_of(answer));
            Input::Answer { number, answer }
        }));
    }
    inputs
}

/// An effect of the first attempt that this answer fits.
fn effect_of(answer: &Answer) -> Effect {
    let (epoch, attempt) = (1, 1);
    let (operation, uri) = ("operations/1".to_owned(), "files/1".to_owned());
    match answer {
        Answer::Enqueued(_) => Effect::Enqueue { epoch },
        Answer::Submitted(_) => Effect::Submit { epoch, attempt },
        Answer::Polled(_) => Effect::Poll { epoch, operation },
        Answer::Stored(_) => Effect::Store {
            epoch,
            attempt,
            uri,
        },
        Answer::Reported(_) => Effect::Report { epoch, number: 1 },
        Answer::Delivered(_) => Effect::Deliver {
            event_id: "e".to_owned(),
        },
        Answer::UpstreamCancelled(_) => Effect::CancelUpstream { operation },
        Answer::FileDeleted(_) => Effect::DeleteFile { attempt },
    }
}
