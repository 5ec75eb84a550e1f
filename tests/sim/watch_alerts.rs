//! Alerts (I19): a condition that lasts has its alert in time, and no change of an alert is sent
//! under two ids, or again without a change in between. The conditions are computed anew from the
//! queue's rows.

use crate::agenda::{Event, Object};
use crate::faults::Fault;
use crate::rows::MapRows;
use crate::witness::Invariant;
use crate::world::{BEGINNING, World};
use reelay::machine::alerts::{AlertKind, AlertMessage, PendingMessage, QUIET};
use reelay::machine::metrics::{Count, UpstreamCall};
use reelay::machine::outcome::Trouble;
use reelay::machine::queue::{AlertAnswered, Entry};
use reelay::time::{DAY, MINUTE, Millis};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How long a condition may last past its threshold without its alert.
const LATEST: Millis = 2 * MINUTE;

/// A kind, and the upstream that it is about.
type Key = (AlertKind, Option<String>);

/// What the oracle has seen so far.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    /// Since when each condition has held past its threshold, in real time.
    holds: BTreeMap<Key, Millis>,
    /// The alerts that fire.
    firing: BTreeSet<Key>,
    /// Every message ever made, by id.
    made: BTreeMap<String, Made>,
    /// When an answer to a paid submit was last counted as lost, and an alarm as repaired, by the
    /// queue's clock.
    lost_at: Option<Millis>,
    repaired_at: Option<Millis>,
    repaired: u64,
    /// When a fault last kept the queue from acting, in real time.
    troubled_at: Millis,
    /// Whether the queue can know of a change only by its next step.
    waits_for_step: bool,
    /// The day of the latest step, in days since the Unix epoch.
    day: u64,
}

/// A message about an alert.
#[derive(Debug)]
struct Made {
    key: Key,
    body: String,
    /// Since when it should have arrived, unless an earlier message was in its way.
    since: Option<Millis>,
    landed: bool,
}

impl World {
    /// A fault has kept the queue from acting.
    pub(crate) fn alerts_troubled(&mut self) {
        self.alerts.troubled_at = self.real;
    }

    /// The clock or the settings changed: the queue knows it with its next step.
    pub(crate) fn alerts_wait_for_step(&mut self) {
        self.alerts.waits_for_step = true;
    }

    /// Observes a step of the queue that has just been saved.
    pub(crate) fn observe_alerts(&mut self, rows: &MapRows, now: Millis) {
        if std::mem::take(&mut self.alerts.waits_for_step) {
            self.alerts.troubled_at = self.real;
        }
        self.alerts.day = now / DAY;
        let lost: u64 = rows
            .touched()
            .iter()
            .map(|key| lost_answers(rows.before(key), rows.entries.get(key)))
            .sum();
        let alerts = &mut self.alerts;
        for at in [&mut alerts.lost_at, &mut alerts.repaired_at] {
            *at = at.map(|at| at.min(now)).filter(|at| now < at + QUIET);
        }
        if lost > 0 {
            alerts.lost_at = Some(now);
        }
        if rows.book.timers_repaired > alerts.repaired {
            alerts.repaired = rows.book.timers_repaired;
            alerts.repaired_at = Some(now);
        }
        if !self.plan.queue.alerts.has_receiver {
            let firing = rows.alerts.firing().iter();
            self.alerts.firing = firing
                .map(|alert| (alert.kind, alert.upstream.clone()))
                .collect();
        }
        let holding = self.holding(rows, now);
        for message in rows.alerts.messages() {
            self.note_message(message, rows, &holding);
        }
    }

    /// Notes a message that is new, and compares one that is known.
    fn note_message(&mut self, message: &PendingMessage, rows: &MapRows, holding: &BTreeSet<Key>) {
        if let Some(made) = self.alerts.made.get(&message.id) {
            if made.body != message.body {
                self.violated(
                    Invariant::I19,
                    format!("the body of {} was changed", message.id),
                );
            }
            return;
        }
        let key = (message.kind, message.upstream.clone());
        let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
        let first = rows
            .alerts
            .messages()
            .iter()
            .find(|other| (other.kind, &other.upstream) == (key.0, &key.1));
        let is_first = first.is_some_and(|first| first.id == message.id);
        let since = self.alerts.holds.get(&key).copied().unwrap_or(self.real);
        let wrong = match body["state"].as_str() {
            Some("firing") => {
                self.tally.mark("alert", key.0.as_str());
                !self.alerts.firing.insert(key.clone())
            }
            Some("resolved") => {
                self.tally.mark("alert", "resolved");
                !self.alerts.firing.remove(&key) || holding.contains(&key)
            }
            _ => true,
        };
        if wrong || body["id"] != message.id.as_str() || body["type"] != key.0.as_str() {
            self.violated(
                Invariant::I19,
                format!("without such a change, this is sent: {body}"),
            );
        }
        let made = Made {
            key,
            body: message.body.clone(),
            since: is_first.then_some(since),
            landed: false,
        };
        self.alerts.made.insert(message.id.clone(), made);
    }

    /// No condition lasts for long without its alert, and no message about one waits for long to be
    /// sent. A fault that keeps the queue from acting excuses it for as long again.
    pub(crate) fn check_alerts_in_time(&mut self) {
        let now = self.now();
        let platform = &self.queue.platform;
        let is_stuck = platform.alarm_lost
            || platform.alarm.is_some_and(|at| at < now)
            || self.alerts.waits_for_step;
        if is_stuck {
            self.alerts.troubled_at = self.real;
        }
        // Taken out, so that they can be read while the world is written.
        let rows = std::mem::take(&mut self.queue.rows);
        let holding = self.holding(&rows, now);
        self.queue.rows = rows;
        let real = self.real;
        self.alerts.holds.retain(|key, _| holding.contains(key));
        for key in holding {
            self.alerts.holds.entry(key).or_insert(real);
        }
        let is_late = |since: Millis| real > since.max(self.alerts.troubled_at) + LATEST;
        let silent = self
            .alerts
            .holds
            .iter()
            .find(|(key, since)| !self.alerts.firing.contains(*key) && is_late(**since));
        // The waits grow with each try that is cut off, so only the first is expected in time.
        let is_new = |id: &String| {
            let messages = self.queue.rows.alerts.messages().iter();
            messages
                .filter(|message| message.tries <= 1)
                .any(|message| message.id == *id)
        };
        let unsent = self
            .alerts
            .made
            .iter()
            .find(|(id, made)| !made.landed && made.since.is_some_and(is_late) && is_new(id));
        let late = silent
            .map(|((kind, upstream), since)| {
                let since = since - BEGINNING;
                format!("{kind:?} {upstream:?} has held since {since} without an alert")
            })
            .or_else(|| unsent.map(|(_, made)| format!("a message is late: {}", made.body)));
        if let Some(message) = late {
            self.violated(Invariant::I19, message);
        }
    }

    /// The conditions that hold past their thresholds.
    fn holding(&self, rows: &MapRows, now: Millis) -> BTreeSet<Key> {
        let policy = self.plan.queue.alerts;
        let of = |kind, holds: bool| holds.then_some((kind, None));
        let shut = self.limits.shut(now).filter(|(upstream, since, until)| {
            let waits = rows
                .waiting()
                .any(|entry| entry.summary.upstream == **upstream);
            let probes = rows
                .held()
                .any(|entry| entry.unspent && entry.summary.upstream == **upstream);
            since + policy.upstream_after <= now && (*until > now || waits || probes)
        });
        let shut = shut.map(|(upstream, ..)| {
            let key: Key = (AlertKind::UpstreamUnavailable, Some(upstream.clone()));
            key
        });
        let first = rows.waiting().map(|entry| entry.enqueued_at).min();
        let recently = |at: Option<Millis>| at.is_some_and(|at| now < at + QUIET);
        let spent = rows.spending.get(&(now / DAY, None)).copied().unwrap_or(0);
        let limit = self.policy().max_cost_per_day;
        // Charges of a day to come were made while the clock was ahead. The first step of that day,
        // at the latest its first sweep, finds them.
        let is_known = self.alerts.day == now / DAY;
        let used = is_known
            && limit.is_some_and(|limit| spent * 100 / limit.max(1) >= policy.budget_percent);
        let others = [
            of(
                AlertKind::WebhooksExhausted,
                rows.exhausted_at().next().is_some(),
            ),
            of(
                AlertKind::LongWait,
                first.is_some_and(|first| first + policy.wait <= now),
            ),
            of(AlertKind::PaidAnswerLost, recently(self.alerts.lost_at)),
            of(AlertKind::BudgetUsed, used),
            of(AlertKind::TimersLost, recently(self.alerts.repaired_at)),
        ];
        shut.chain(others.into_iter().flatten())
            .filter(|(kind, _)| policy.kinds.contains(*kind))
            .collect()
    }

    /// The queue sends a message, and does not wait for the answer.
    pub(crate) fn send_alert(&mut self, message: AlertMessage) {
        let instance = self.queue.instance_number;
        self.after(1, 2_000, Event::AlertLands { message, instance });
    }

    /// A message reaches the receiver of alerts, even if its sender has died, or does not.
    pub(crate) fn alert_lands(&mut self, message: &AlertMessage, instance: u64) {
        let cut_off = self.queue.instance_number != instance;
        if cut_off && self.choices.chance(500) {
            return;
        }
        if !cut_off && self.dies(Object::Queue, Fault::CrashBeforeEffect) {
            return;
        }
        let AlertMessage { id, body } = message;
        match self
            .alerts
            .made
            .get_mut(id)
            .filter(|made| made.body == *body)
        {
            Some(made) => {
                if std::mem::replace(&mut made.landed, true) {
                    self.tally.mark("alert", "arrived again");
                }
            }
            None => self.violated(
                Invariant::I19,
                format!("{id} arrives with a body that was never made: {body}"),
            ),
        }
        let receipt = self.receive(id);
        if cut_off || self.dies(Object::Queue, Fault::CrashAfterEffect) {
            return;
        }
        let id = id.clone();
        self.tell_queue(AlertAnswered { id, receipt });
    }

    /// In the end, every message has arrived.
    pub(crate) fn check_alerts_sent(&mut self) {
        let unsent = self.alerts.made.values().find(|made| !made.landed);
        if let Some(made) = unsent {
            let message = format!("never sent: {:?} {}", made.key, made.body);
            self.violated(Invariant::I19, message);
        }
    }
}

/// How many answers to paid submits a step has counted as lost.
fn lost_answers(before: Option<&Entry>, after: Option<&Entry>) -> u64 {
    let count = |entry: &Entry| {
        let unknown = Count::call(UpstreamCall::Submit, &Err::<(), _>(Trouble::Unknown));
        entry.summary.metrics.of(unknown)
    };
    let Some(after) = after else { return 0 };
    let same = before.filter(|before| before.summary.created_at == after.summary.created_at);
    count(after).saturating_sub(same.map_or(0, count))
}
