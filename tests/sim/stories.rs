//! The stories whose every boundary is cut.

use crate::agenda::{Action, Event, Operation};
use crate::faults::Fault;
use crate::plan::{FINGERPRINT, MODELS, OTHER_FINGERPRINT};
use crate::story::Story;
use crate::world::BEGINNING;
use reelay::machine::Status;
use reelay::machine::alerts::{AlertKind, AlertPolicy};
use reelay::machine::bulk::BulkAction;
use reelay::machine::delivery::EventKind;
use reelay::machine::job::{ImageRole, InputImage, Request, UnknownSubmit};
use reelay::machine::queue::{Limit, Mode};
use reelay::time::{MINUTE, SECOND};

/// More occasions than any story has.
const ALWAYS: u64 = 100;

pub(crate) fn stories() -> Vec<Story> {
    [
        of_one_job(),
        of_one_user(),
        of_modes(),
        of_users(),
        of_limits(),
        of_lost_timers(),
        of_money(),
        of_upstreams(),
        of_alerts(),
        of_operators(),
    ]
    .concat()
}

fn of_one_job() -> Vec<Story> {
    let failed = &[Status::Failed];
    vec![
        Story::of("completes", 1)
            .in_pairs()
            .meets("end: completed")
            .meets("delivery: delivered"),
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
        Story::of("render fails", 1)
            .in_pairs()
            .first(Fault::RenderRefused, 1)
            .ends(failed),
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
            .meets("effect: DeleteFile"),
        Story::of("receiver is down twice", 1)
            .first(Fault::HookServerError, 2)
            .meets("delivery: delivered"),
        Story::of("receiver is gone", 1)
            .in_pairs()
            .first(Fault::HookGone, 1)
            .meets("delivery: exhausted"),
        Story::of("exhausted and sent again", 1)
            .planned(|plan| plan.policy.webhook_schedule = vec![0])
            .first(Fault::HookServerError, 1)
            .at(4 * MINUTE, Event::Operate(Operation::Redeliver { job: 0 }))
            .meets("redelivered: exhausted")
            .meets("delivery: delivered"),
        Story::of("delivered and sent again", 1)
            .in_pairs()
            .at(4 * MINUTE, Event::Operate(Operation::Redeliver { job: 0 }))
            .meets("redelivered: delivered"),
    ]
}

/// Stories of one user's actions.
fn of_one_user() -> Vec<Story> {
    let again = Action::Post {
        fingerprint: FINGERPRINT,
    };
    let other = Action::Post {
        fingerprint: OTHER_FINGERPRINT,
    };
    let cancelled = &[Status::Cancelled];
    vec![
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
            .meets("effect: DeleteFile"),
        Story::of("retried after failure", 1)
            .first(Fault::SubmitRefused, 1)
            .when(0, "failed", Action::Retry),
        Story::of("two jobs through one slot", 2),
        Story::of("deleted video", 1)
            .when(0, "completed", Action::DeleteVideo)
            .meets("effect: DeleteFile"),
        Story::of("repeat of the order", 1)
            .when(0, "queued", again)
            .when(0, "rendering", again)
            .when(0, "done", other)
            .meets("post: repeated")
            .meets("post: conflict"),
        Story::of("queue full and withdrawn", 3)
            .planned(|plan| plan.queue.max_waiting = 1)
            .meets("post: full"),
        Story::of("one effect an alarm", 1)
            .planned(|plan| plan.max_effects = 1)
            .meets("alarm: ended with work left"),
        Story::of("every event told", 1)
            .planned(|plan| {
                plan.policy.events = EventKind::ALL.into();
                plan.policy.webhook_schedule = vec![SECOND];
            })
            .first(Fault::HookTimeout, 1),
    ]
}

/// How a waiting job gets started in each mode, whatever happens to the messages and the
/// settings.
fn of_modes() -> Vec<Story> {
    let (cron, alarm, queue) = (Mode::Cron, Mode::Alarm, Mode::Queue);
    let delayed = |request: &mut Request| request.order.start_after = Some(BEGINNING + 70 * SECOND);
    vec![
        Story::of("completes in the mode cron", 1).in_mode(cron),
        Story::of("completes in the mode alarm", 1).in_mode(alarm),
        Story::of("completes in the mode queue", 1)
            .in_pairs()
            .in_mode(queue)
            .meets("message acknowledged: started"),
        Story::of("two jobs through one slot in the mode cron", 2).in_mode(cron),
        Story::of("two jobs through one slot in the mode alarm", 2).in_mode(alarm),
        Story::of("two jobs through one slot in the mode queue", 2).in_mode(queue),
        Story::of("delayed", 1)
            .orders(delayed)
            .meets("blocked by: StartAfter"),
        Story::of("delayed in the mode cron", 1)
            .in_mode(cron)
            .orders(delayed)
            .meets("stage: delayed"),
        Story::of("delayed in the mode alarm", 1)
            .in_mode(alarm)
            .orders(delayed)
            .meets("stage: delayed"),
        Story::of("delayed in the mode queue", 1)
            .in_mode(queue)
            .orders(delayed)
            .meets("stage: delayed"),
        Story::of("from immediate to cron", 2)
            .changes(1, "queued", cron)
            .meets("mode changed to: cron"),
        Story::of("from cron to alarm", 2)
            .in_mode(cron)
            .changes(1, "queued", alarm)
            .meets("mode changed to: alarm"),
        Story::of("from alarm to queue", 2)
            .in_mode(alarm)
            .changes(1, "queued", queue)
            .meets("mode changed to: queue"),
        Story::of("from queue to immediate", 2)
            .in_mode(queue)
            .changes(1, "queued", Mode::Immediate)
            .meets("mode changed to: immediate"),
        paused("paused and resumed in the mode immediate", Mode::Immediate),
        paused("paused and resumed in the mode cron", cron),
        paused("paused and resumed in the mode alarm", alarm),
        paused("paused and resumed in the mode queue", queue),
        Story::of("the message is lost", 2)
            .in_mode(queue)
            .first(Fault::QueueMessageLost, 2),
        Story::of("the message comes twice", 2)
            .in_mode(queue)
            .first(Fault::QueueMessageDoubled, 2),
        Story::of("the message comes late", 1)
            .in_mode(queue)
            .first(Fault::QueueMessageLate, 1),
        Story::of("the message is given up", 2)
            .in_mode(queue)
            .planned(|plan| plan.message_tries = 0)
            .ends(&[Status::Completed, Status::Failed])
            .meets("job: dead-lettered"),
        Story::of("retried in the mode queue", 1)
            .in_mode(queue)
            .first(Fault::SubmitRefused, 1)
            .when(0, "failed", Action::Retry),
    ]
}

/// The operator pauses the queue while the first of two jobs runs.
fn paused(name: &'static str, mode: Mode) -> Story {
    let story = Story::of(name, 2)
        .in_mode(mode)
        .operates(0, "rendering", Operation::Pause);
    story
        .at(4 * MINUTE, Event::Operate(Operation::Resume))
        .meets("queue: took an input while paused")
}

/// What users are asked, and how long their jobs are kept.
fn of_users() -> Vec<Story> {
    let confirmed = |name| {
        let story = Story::of(name, 1).planned(|plan| plan.wishes.confirm = true);
        story.orders(|request| request.order.confirm = true)
    };
    let again = Action::Post {
        fingerprint: FINGERPRINT,
    };
    let refused = |name| {
        let story = Story::of(name, 1).planned(|plan| plan.policy.clarifications = true);
        story
            .planned(|plan| plan.policy.events = EventKind::ALL.into())
            .first(Fault::SubmitRefused, 1)
    };
    vec![
        confirmed("confirmed")
            .when(0, "confirming", Action::Confirm)
            .meets("job: confirmed"),
        confirmed("never confirmed")
            .ends(&[Status::Failed])
            .meets("job: expired"),
        confirmed("cancelled instead of confirmed")
            .when(0, "confirming", Action::Cancel)
            .ends(&[Status::Cancelled]),
        refused("clarified")
            .when(0, "clarifying", Action::Clarify { too_long: true })
            .when(0, "clarifying", Action::Clarify { too_long: false })
            .meets("job: clarified"),
        refused("never clarified")
            .ends(&[Status::Failed])
            .meets("job: expired"),
        Story::of("forgotten", 1)
            .planned(|plan| plan.queue.retention = SECOND)
            .at(4 * MINUTE, Event::Daily)
            .ends_forgotten()
            .meets("job: forgotten"),
        Story::of("ordered again after it was forgotten", 1)
            .planned(|plan| plan.queue.retention = SECOND)
            .at(4 * MINUTE, Event::Daily)
            .at(
                5 * MINUTE,
                Event::User {
                    job: 0,
                    action: again,
                },
            )
            .ends_forgotten()
            .meets("job: forgotten"),
        Story::of("its own deadline", 1)
            .orders(|request| request.order.timeout = Some(40 * SECOND))
            .first(Fault::RenderNeverDone, 1)
            .ends(&[Status::Failed])
            .meets("failure: deadline_exceeded"),
    ]
}

fn of_limits() -> Vec<Story> {
    let two = |name| Story::of(name, 2).planned(|plan| plan.queue.slots = 2);
    vec![
        two("two slots"),
        two("one submit a minute")
            .planned(|plan| plan.queue.submits_per_minute = 1)
            .meets("blocked by: RateLimit"),
        two("everyone waits for the upstream")
            .planned(|plan| plan.owners = vec![0, 0, 1])
            .at(
                5 * SECOND,
                Event::User {
                    job: 2,
                    action: Action::Post {
                        fingerprint: FINGERPRINT,
                    },
                },
            )
            .ends(&[Status::Completed; 3])
            .first(Fault::SubmitRateLimited, 1)
            .meets("job: requeued"),
        two("one slot a user")
            .planned(|plan| plan.owners = vec![0, 0])
            .planned(|plan| plan.queue.user_slots = 1)
            .meets("blocked by: UserConcurrency"),
    ]
}

/// Alarms that the platform has lost are set again by whoever checks their jobs.
fn of_lost_timers() -> Vec<Story> {
    vec![
        Story::of("an alarm is lost", 1)
            .first(Fault::AlarmLost, 1)
            .meets("question: Start"),
        Story::of("two alarms are lost", 2).first(Fault::AlarmLost, 2),
        Story::of("an alarm throws", 1)
            .first(Fault::AlarmThrows, 1)
            .meets("question: Start"),
        Story::of("the cron stays away", 2)
            .in_mode(Mode::Cron)
            .first(Fault::CronAway, 1),
    ]
}

/// The daily spending limits.
fn of_money() -> Vec<Story> {
    const PRICE: u64 = 3_200_000;
    let limited = |name, jobs, prices| {
        let story = Story::of(name, jobs).orders(|request| request.terms.price_micros = PRICE);
        story.planned(|plan| {
            plan.owners = vec![0; jobs];
            plan.queue.max_cost_per_user_per_day = Some(prices * PRICE);
        })
    };
    let paid_for = |name, prices| limited(name, 1, prices).first(Fault::DownloadFails, 3);
    vec![
        limited("over the budget and withdrawn", 2, 1)
            .ends_without(1)
            .meets("post: over budget")
            .meets("over budget: order"),
        limited("over everyone's budget", 2, 9)
            .planned(|plan| plan.queue.max_cost_per_day = Some(PRICE))
            .ends_without(1)
            .meets("over budget: order"),
        limited("what was not spent is spent by another", 2, 1)
            .first(Fault::SubmitRefused, 1)
            .planned(|plan| plan.insistent = 1_000)
            .ends(&[Status::Failed, Status::Completed])
            .late(1, 40 * SECOND)
            .meets("given back: to today"),
        paid_for("a further attempt that fits", 3).when(0, "failed", Action::Retry),
        paid_for("a further attempt that does not fit", 1)
            .when(0, "failed", Action::Retry)
            .ends(&[Status::Failed])
            .meets("over budget: further attempt"),
        limited("an order to be confirmed is charged", 1, 1)
            .planned(|plan| plan.wishes.confirm = true)
            .orders(|request| {
                request.order.confirm = true;
                request.terms.price_micros = PRICE;
            })
            .when(0, "confirming", Action::Confirm)
            .meets("job: confirmed"),
        limited("a confirmation that does not fit", 2, 1)
            .planned(|plan| plan.wishes.confirm = true)
            .orders(|request| {
                request.order.confirm = true;
                request.terms.price_micros = PRICE;
            })
            .late(1, 5 * SECOND)
            .when(0, "confirming", Action::Confirm)
            .when(1, "confirming", Action::Confirm)
            .ends(&[Status::Completed, Status::Failed])
            .meets("over budget: confirmation"),
        limited("the day is over", 2, 1)
            .planned(|plan| plan.chaos = 10 * MINUTE)
            .late(1, 9 * MINUTE)
            .ends(&[Status::Completed; 2]),
    ]
}

/// Messages to the upstream, and from it.
fn of_upstreams() -> Vec<Story> {
    let cancellable = |name| Story::of(name, 1).orders(|request| request.terms.cancellable = true);
    let with_images = |name| {
        Story::of(name, 1).orders(|request| {
            let image = |number| InputImage {
                role: ImageRole::Reference,
                mime_type: "image/png".to_owned(),
                key: format!("inputs/story/{number}"),
                size: 9,
            };
            request.order.images = vec![image(1), image(2)];
        })
    };
    vec![
        cancellable("given up while rendering")
            .when(0, "rendering", Action::Cancel)
            .ends(&[Status::Cancelled])
            .meets("render: given up"),
        cancellable("given up when the submit was answered")
            .when(0, "submitting", Action::Cancel)
            .ends(&[Status::Cancelled])
            .meets("render: given up"),
        cancellable("given up past the deadline")
            .planned(|plan| plan.policy.job_timeout = MINUTE)
            .first(Fault::RenderNeverDone, 1)
            .first(Fault::AbandonLost, 2)
            .ends(&[Status::Failed])
            .meets("render: given up"),
        cancellable("left to itself after many tries")
            .first(Fault::AbandonFails, 5)
            .when(0, "rendering", Action::Cancel)
            .ends(&[Status::Cancelled])
            .meets("render: left to itself"),
        (3..9)
            .fold(Story::of("pushed", 1), |story, second| {
                let id = format!("push-{}", second / 2);
                story.at(second * SECOND, Event::Push { job: 0, id })
            })
            .meets("push: again")
            .meets("push: brought a poll"),
        with_images("images of a completed order").meets("images: deleted when completed"),
        with_images("images of an order that is tried again")
            .first(Fault::SubmitRefused, 1)
            .when(0, "failed", Action::Retry),
        with_images("images of a forgotten order")
            .planned(|plan| plan.queue.retention = SECOND)
            .first(Fault::SubmitRefused, 1)
            .first(Fault::DeleteFails, 1)
            .at(4 * MINUTE, Event::Daily)
            .ends_forgotten()
            .meets("images: deleted when forgotten"),
    ]
}

/// What calls an operator, with the cron and without it.
fn of_alerts() -> Vec<Story> {
    let watched = |name, jobs| {
        Story::of(name, jobs).planned(|plan| {
            plan.queue.alerts = AlertPolicy {
                kinds: AlertKind::ALL.into_iter().collect(),
                upstream_after: 5 * SECOND,
                wait: 20 * SECOND,
                budget_percent: 80,
                has_receiver: true,
            };
        })
    };
    let lost = |name| {
        watched(name, 1)
            .first(Fault::SubmitLostAccepted, 1)
            .ends(&[Status::Failed])
            .meets("alert: paid_answer_lost")
            .meets("alert: resolved")
    };
    vec![
        watched("an alert of a shut upstream", 1)
            .planned(|plan| plan.longest_outage = 4 * MINUTE)
            .first(Fault::UpstreamOutage, 1)
            .meets("alert: upstream_unavailable")
            .meets("alert: resolved"),
        lost("an alert of a lost answer"),
        lost("an alert of a lost answer while the cron stays away")
            .in_pairs()
            .first(Fault::CronAway, 1),
        watched("an alert of a long wait while the cron stays away", 2)
            .first(Fault::CronAway, 1)
            .first(Fault::RenderNeverDone, 1)
            .planned(|plan| plan.policy.job_timeout = 3 * MINUTE)
            .ends(&[Status::Failed, Status::Completed])
            .meets("alert: long_wait")
            .meets("alert: resolved"),
        watched("an alert of webhooks that were given up", 1)
            .first(Fault::HookGone, 1)
            .at(4 * MINUTE, Event::Operate(Operation::Redeliver { job: 0 }))
            .meets("alert: webhooks_exhausted")
            .meets("alert: resolved"),
        watched("an alert that its receiver takes at the second try", 1)
            .planned(|plan| plan.policy.webhook_schedule = vec![0])
            .first(Fault::SubmitLostAccepted, 1)
            .first(Fault::HookTakenAnswerLost, 2)
            .ends(&[Status::Failed])
            .meets("alert: arrived again"),
        watched("an alert of a budget that is used", 1)
            .orders(|request| request.terms.price_micros = 900)
            .planned(|plan| {
                plan.queue.max_cost_per_day = Some(1_000);
                plan.queue.max_cost_per_user_per_day = Some(1_000);
            })
            .meets("alert: budget_used")
            .meets("alert: resolved"),
        watched("an alert of a lost alarm", 1)
            .first(Fault::AlarmLost, 1)
            .meets("question: Start"),
    ]
}

/// What an operator changes without a deploy.
fn of_operators() -> Vec<Story> {
    let later = |operation| Event::Operate(operation);
    let bulk = |action| later(Operation::Bulk { action });
    let steered = |name, model| {
        Story::of(name, 2)
            .operates(0, "rendering", Operation::PauseUpstream { model })
            .at(4 * MINUTE, later(Operation::ResumeUpstream { model }))
            .meets("queue: took an input while an upstream was paused")
    };
    let failed = |name, jobs| Story::of(name, jobs).first(Fault::SubmitRefused, jobs as u64);
    let raised = Operation::ChangeLimit {
        limit: Limit::MaxConcurrentJobs,
        value: Some(2),
    };
    vec![
        steered("a provider paused and resumed", None),
        steered("a model paused and resumed", Some(MODELS[0])),
        Story::of("more slots at run time", 2)
            .operates(0, "rendering", raised)
            .meets("limits: changed at run time"),
        failed("one retried in bulk", 1)
            .in_pairs()
            .at(2 * MINUTE, bulk(BulkAction::Retry))
            .meets("bulk: retried a job"),
        failed("two retried in bulk", 2)
            .at(2 * MINUTE, bulk(BulkAction::Retry))
            .meets("bulk: retried a job"),
        failed("retried in bulk within the budget", 2)
            .planned(|plan| {
                plan.owners = vec![0, 0];
                plan.queue.max_cost_per_user_per_day = Some(4_000_000);
            })
            .orders(|request| request.terms.price_micros = 3_200_000)
            .at(2 * MINUTE, bulk(BulkAction::Retry))
            .ends(&[Status::Completed, Status::Failed])
            .meets("bulk outcome: budget_exceeded"),
        Story::of("cancelled in bulk", 2)
            .at(10 * SECOND, bulk(BulkAction::Cancel))
            .ends(&[Status::Cancelled; 2])
            .meets("bulk: cancelled a job"),
    ]
}
