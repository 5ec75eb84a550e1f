//! What a seed decides beforehand: the settings, the rates, and how long faults last.

use super::choices::Choices;
use super::faults::{Fault, Rates};
use super::message_queue::ENOUGH_TRIES;
use super::watch_inputs::IMAGE;
use crate::usual_order;
use reelay::ids::JobKey;
use reelay::machine::alerts::{AlertKind, AlertKinds, AlertPolicy};
use reelay::machine::delivery::EventKind;
use reelay::machine::job::{ImageRole, InputImage, Policy, Request, UnknownSubmit};
use reelay::machine::queue;
use reelay::machine::queue::Mode;
use reelay::time::{HOUR, MINUTE, Millis, SECOND};
use std::collections::BTreeSet;

/// What stays broken after everything else has healed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NeverHeals {
    Nothing,
    /// Every webhook attempt gets a 503.
    Receiver,
    /// Every submit gets a 503 and every poll fails.
    Upstream,
}

/// What the orders of a world may ask for.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an independent option"
)]
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// How many models are ordered.
    pub(crate) models: u64,
    /// The longest wait before an order may be started.
    pub(crate) start_after: Option<Millis>,
    pub(crate) confirm: bool,
    pub(crate) timeout: bool,
    /// How many submits a minute the first model itself allows.
    pub(crate) own_limit: Option<u64>,
    /// Whether the upstream can cancel a render.
    pub(crate) cancellable: bool,
    /// Whether the upstream is asked for a webhook at the end of a render; it may be lost.
    pub(crate) told: bool,
    /// Whether some orders have images.
    pub(crate) images: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The user of each job.
    pub(crate) owners: Vec<usize>,
    pub(crate) policy: Policy,
    pub(crate) queue: queue::Policy,
    pub(crate) rates: Rates,
    /// How many effects one alarm of a job carries out at most.
    pub(crate) max_effects: u32,
    /// How long faults last.
    pub(crate) chaos: Millis,
    pub(crate) never_heals: NeverHeals,
    /// How many clients in a thousand repeat a request.
    pub(crate) insistent: u64,
    /// What the jobs ask for.
    pub(crate) wishes: Wishes,
    /// Whether the upstream sends webhooks.
    pub(crate) pushes: bool,
    /// The longest wait that a refusal of a submit asks for, in seconds.
    pub(crate) longest_backoff: u64,
    /// The longest outage of the upstream.
    pub(crate) longest_outage: Millis,
    /// How often a message of the platform's queue is retried at most.
    pub(crate) message_tries: u32,
    /// How long after everything else has healed the cron returns.
    pub(crate) cron_returns: Millis,
    /// How often the operator changes the mode, and the limits.
    pub(crate) changes: [u64; 2],
    /// How often the operator pauses the queue, and resumes it.
    pub(crate) pauses: u64,
    /// How often the operator pauses a video service or a model, and resumes it.
    pub(crate) upstream_pauses: u64,
    /// How often the operator changes a limit at run time.
    pub(crate) limit_changes: u64,
    /// How many bulks the operator starts.
    pub(crate) bulks: u64,
    /// How many events the operator redelivers, twice each.
    pub(crate) redeliveries: u64,
    /// Faults that strike at this many first occasions.
    pub(crate) first: Vec<(Fault, u64)>,
}

impl Plan {
    pub(crate) fn draw(choices: &mut Choices) -> Self {
        let whole_schedule = vec![0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
        let schedule = if choices.chance(250) {
            whole_schedule
        } else {
            vec![0, 5, 60]
        };
        let events = if choices.chance(500) {
            EventKind::ALL.into_iter().collect()
        } else {
            BTreeSet::from([
                EventKind::Completed,
                EventKind::Failed,
                EventKind::Cancelled,
            ])
        };
        let policy = Policy {
            max_retries: u32::try_from(choices.between(0, 4)).unwrap_or(0),
            store_timeout: choices.pick(&[0, 20 * SECOND, 2 * MINUTE]),
            job_timeout: choices.pick(&[MINUTE, 5 * MINUTE, 10 * MINUTE]),
            unknown_submit: if choices.chance(150) {
                UnknownSubmit::Retry
            } else {
                UnknownSubmit::Fail
            },
            poll_interval: choices.pick(&[SECOND, 5 * SECOND]),
            webhook_schedule: schedule
                .into_iter()
                .map(|seconds| seconds * SECOND)
                .collect(),
            events,
            clarifications: choices.chance(400),
        };
        let mut plan = Self {
            owners: draw_owners(choices),
            policy,
            queue: draw_queue(choices),
            rates: Rates::draw(choices),
            max_effects: choices.pick(&[1, 3, 32]),
            chaos: choices.between(3, 20) * MINUTE,
            never_heals: match choices.between(0, 9) {
                0 => NeverHeals::Receiver,
                1 => NeverHeals::Upstream,
                _ => NeverHeals::Nothing,
            },
            insistent: 900,
            wishes: Wishes {
                models: choices.pick(&[1, 1, 2, 3]),
                start_after: choices.pick(&[
                    None,
                    None,
                    None,
                    None,
                    None,
                    Some(3 * MINUTE),
                    Some(15 * MINUTE),
                ]),
                confirm: choices.chance(250),
                timeout: choices.chance(250),
                images: choices.chance(400),
                cancellable: choices.chance(500),
                told: false,
                own_limit: choices.pick(&[None, None, None, Some(1), Some(3)]),
            },
            pushes: choices.chance(500),
            longest_backoff: if choices.chance(60) {
                4 * HOUR / SECOND
            } else {
                90
            },
            longest_outage: if choices.chance(60) {
                26 * HOUR
            } else {
                30 * MINUTE
            },
            message_tries: choices.pick(&[ENOUGH_TRIES, ENOUGH_TRIES, 2, 5]),
            cron_returns: if choices.chance(40) { 24 * HOUR } else { 0 },
            changes: [choices.pick(&[0, 0, 1, 3]), choices.pick(&[0, 0, 1, 3])],
            pauses: choices.pick(&[0, 0, 0, 1, 2]),
            upstream_pauses: choices.pick(&[0, 0, 0, 1, 2]),
            limit_changes: choices.pick(&[0, 0, 1, 4]),
            bulks: choices.pick(&[0, 0, 1, 3]),
            redeliveries: choices.pick(&[0, 0, 1, 3]),
            first: Vec::new(),
        };
        plan.queue.retention = choices.pick(&[NEVER, NEVER, 20 * MINUTE, 3 * HOUR]);
        plan.wishes.told = plan.pushes;
        plan
    }

    /// Whether some job may wait a day for its user.
    pub(crate) fn waits_for_users(&self) -> bool {
        self.wishes.confirm || self.policy.clarifications
    }
}

pub(crate) fn draw_mode(choices: &mut Choices) -> Mode {
    choices.pick(&Mode::ALL)
}

/// Draws the settings of admission.
pub(crate) fn draw_queue(choices: &mut Choices) -> queue::Policy {
    queue::Policy {
        mode: draw_mode(choices),
        slots: choices.pick(&[1, 1, 2, 3]),
        user_slots: choices.pick(&[1, 2, 9, 9]),
        max_waiting: choices.pick(&[1, 1, 2, 20]),
        submits_per_minute: choices.pick(&[1, 2, 4, 1_000, 1_000]),
        max_cost_per_day: choices.pick(&[
            None,
            None,
            None,
            None,
            Some(7_000_000),
            Some(15_000_000),
        ]),
        max_cost_per_user_per_day: choices.pick(&[
            None,
            None,
            None,
            None,
            Some(3_200_000),
            Some(9_000_000),
        ]),
        retention: NEVER,
        alerts: draw_alerts(choices),
    }
}

fn draw_alerts(choices: &mut Choices) -> AlertPolicy {
    let all = AlertKind::ALL.into_iter().collect();
    AlertPolicy {
        kinds: if choices.chance(800) {
            all
        } else {
            AlertKinds::NONE
        },
        upstream_after: choices.pick(&[MINUTE, 5 * MINUTE]),
        wait: choices.pick(&[MINUTE, 5 * MINUTE, 15 * MINUTE]),
        budget_percent: choices.pick(&[50, 80, 100]),
        has_receiver: choices.chance(900),
    }
}

/// One to eight jobs of one to three users.
fn draw_owners(choices: &mut Choices) -> Vec<usize> {
    let last_user = choices.between(0, 2);
    let jobs = choices.between(1, 8);
    (0..jobs)
        .map(|_| usize::try_from(choices.between(0, last_user)).unwrap_or(0))
        .collect()
}

/// The keys of the jobs. Each user counts their own, so that users share generation ids.
pub(crate) fn keys(owners: &[usize]) -> Vec<JobKey> {
    let key = |(number, owner): (usize, &usize)| {
        let earlier = owners[..number]
            .iter()
            .filter(|other| *other == owner)
            .count();
        JobKey::new(format!("user-{owner}"), format!("job-{earlier}"))
    };
    owners.iter().enumerate().map(key).collect()
}

/// A retention under which no job is ever old.
pub(crate) const NEVER: Millis = Millis::MAX;

/// The fingerprint of the usual order, and of a wrong order under an id that is taken.
pub(crate) const FINGERPRINT: &str = "f";
pub(crate) const OTHER_FINGERPRINT: &str = "other";

/// The models that are ordered, as `{provider}/{model}`.
pub(crate) const MODELS: [&str; 3] = ["veo-3.1", "veo-3.1-fast", "veo-3.0"];

/// What one job orders in a world that begins at `beginning`.
pub(crate) fn request(choices: &mut Choices, wishes: &Wishes, beginning: Millis) -> Request {
    let model = MODELS[usize::try_from(choices.between(0, wishes.models - 1)).unwrap_or(0)];
    let wait = wishes
        .start_after
        .filter(|_| choices.chance(500))
        .map(|longest| choices.between(0, longest));
    let mut request = usual_order::request();
    request.terms.model = String::from(model);
    request.order.priority = choices.pick(&[0, 0, 0, 1, 1, 10]);
    request.terms.usual_render = choices.between(5, 60) * SECOND;
    request.terms.price_micros = choices.pick(&[3_200_000, 3_200_000, 1_200_000]);
    request.origin.fingerprint = String::from(FINGERPRINT);
    request.order.start_after = wait.map(|wait| beginning + wait);
    let timeout = wishes.timeout && choices.chance(200);
    request.order.start_timeout = timeout.then(|| choices.between(1, 60) * MINUTE);
    let timeout = wishes.timeout && choices.chance(500);
    request.order.timeout = timeout.then(|| choices.between(20, 200) * SECOND);
    request.order.confirm = wishes.confirm && choices.chance(500);
    request.terms.submits_per_minute = wishes.own_limit.filter(|_| model == MODELS[0]);
    request.terms.cancellable = wishes.cancellable;
    request.terms.wants_webhook = wishes.told;
    request
}

/// The images of an order, up to two of them.
pub(crate) fn images(choices: &mut Choices, wishes: &Wishes, key: &JobKey) -> Vec<InputImage> {
    let count = if wishes.images {
        choices.between(0, 2)
    } else {
        0
    };
    let image = |number| InputImage {
        role: ImageRole::Reference,
        mime_type: "image/png".to_owned(),
        key: format!("inputs/{}/{number}", key.object_name()),
        size: IMAGE,
    };
    (1..=count).map(image).collect()
}
