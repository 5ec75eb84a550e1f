//! The stories whose every boundary is cut.

use crate::agenda::Action;
use crate::faults::Fault;
use crate::plan::{FINGERPRINT, OTHER_FINGERPRINT};
use crate::story::Story;
use reelay::machine::job::UnknownSubmit;
use reelay::machine::{MINUTE, SECOND, Status};

/// More occasions than any story has.
const ALWAYS: u64 = 100;

pub(crate) fn stories() -> Vec<Story> {
    let again = Action::Post { fingerprint: FINGERPRINT };
    let other = Action::Post { fingerprint: OTHER_FINGERPRINT };
    let (failed, cancelled) = (&[Status::Failed], &[Status::Cancelled]);
    vec![
        Story::of("completes", 1).in_pairs().meets("end: completed").meets("delivery: delivered"),
        Story::of("refused submit then completes", 1).first(Fault::SubmitUnavailable, 1),
        Story::of("unknown submit", 1)
            .in_pairs()
            .first(Fault::SubmitLostAccepted, 1)
            .ends(failed)
            .meets("failure: submit_outcome_unknown"),
        Story::of("unknown submit repeated", 1)
            .planned(|plan| plan.policy.unknown_submit = UnknownSubmit::Retry)
            .first(Fault::SubmitLostUnaccepted, 1),
        Story::of("refused content", 1)
            .in_pairs()
            .first(Fault::SubmitRefused, 1)
            .ends(failed)
            .meets("failure: provider_rejected_content"),
        Story::of("render fails", 1).in_pairs().first(Fault::RenderRefused, 1).ends(failed),
        Story::of("render is never done", 1)
            .planned(|plan| plan.policy.job_timeout = MINUTE)
            .first(Fault::RenderNeverDone, 1)
            .ends(failed)
            .meets("failure: deadline_exceeded"),
        Story::of("download fails once", 1).first(Fault::DownloadTruncated, 1),
        Story::of("store gives up", 1)
            .first(Fault::DownloadFails, ALWAYS)
            .ends(failed)
            .meets("failure: storage_failed")
            .meets("effect: Discard"),
        Story::of("receiver is down twice", 1).first(Fault::HookServerError, 2).meets("delivery: delivered"),
        Story::of("receiver is gone", 1).in_pairs().first(Fault::HookGone, 1).meets("delivery: exhausted"),
        Story::of("cancelled while queued", 2)
            .when(1, "queued", Action::Cancel)
            .ends(&[Status::Completed, Status::Cancelled])
            .meets("cancelled while: queued"),
        Story::of("cancelled while submitting", 1)
            .in_pairs()
            .when(0, "submitting", Action::Cancel)
            .ends(cancelled)
            .meets("cancelled while: submitting"),
        Story::of("cancelled while rendering", 1)
            .when(0, "rendering", Action::Cancel)
            .ends(cancelled)
            .meets("cancelled while: rendering"),
        Story::of("cancelled while storing", 1)
            .when(0, "storing", Action::Cancel)
            .ends(cancelled)
            .meets("cancelled while: storing")
            .meets("effect: Discard"),
        Story::of("retried after failure", 1).first(Fault::SubmitRefused, 1).when(0, "failed", Action::Retry),
        Story::of("two jobs through one slot", 2),
        Story::of("deleted video", 1).when(0, "completed", Action::DeleteVideo).meets("effect: Discard"),
        Story::of("repeat of the order", 1)
            .when(0, "queued", again)
            .when(0, "rendering", again)
            .when(0, "done", other)
            .meets("post: repeated")
            .meets("post: conflict"),
        Story::of("queue full and withdrawn", 3).planned(|plan| plan.queue.max_waiting = 1).meets("post: full"),
        Story::of("one effect an alarm", 1).planned(|plan| plan.max_effects = 1).meets("alarm: ended with work left"),
        Story::of("every event told", 1)
            .planned(|plan| {
                plan.policy.events = reelay::machine::delivery::EventKind::ALL.into();
                plan.policy.webhook_schedule = vec![SECOND];
            })
            .first(Fault::HookTimeout, 1),
    ]
}
