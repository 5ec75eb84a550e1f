//! The stored record: which alerts are firing, and the messages that are still to be sent.

use super::body;
use super::condition::{Condition, Counters, Figures};
use super::counter::Counter;
use super::kind::{AlertKind, AlertPolicy};
use super::message::{AlertMessage, PendingMessage, Tried};
use crate::machine::delivery::{Receipt, event_id};
use crate::time::{Millis, Moment, SECOND};
use serde::{Deserialize, Serialize};

/// How long a condition must be over until its alert is resolved. Less than the time between two
/// sweeps, so that the second sweep after the end resolves it.
pub const SETTLED: Millis = 50 * SECOND;
/// The most messages that wait for a receiver; the oldest is given up for a further one.
const MAX_MESSAGES: usize = 50;

/// An alert that is firing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiringAlert {
    pub kind: AlertKind,
    /// `{provider}/{model}`, if the alert is about one.
    pub upstream: Option<String>,
    /// When its condition began.
    pub since: Millis,
    /// Since when its condition is over.
    pub over_since: Option<Millis>,
}

/// The state of all alerts. The default is the state of a new worker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Alerts {
    firing: Vec<FiringAlert>,
    /// Oldest first.
    messages: Vec<PendingMessage>,
    unknown_submits: Counter,
    timers_repaired: Counter,
}

/// What the log says of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertNews {
    Firing(FiringAlert),
    /// It is over; its condition lasted this long.
    Resolved(FiringAlert, Millis),
    Delivered(PendingMessage),
    /// The receiver answered a try with this status, or not at all.
    Failed(PendingMessage, Option<u16>),
    /// The message is not sent again.
    GivenUp(PendingMessage),
}

impl Alerts {
    /// The alerts that are firing.
    pub fn firing(&self) -> &[FiringAlert] {
        &self.firing
    }

    /// The messages that the receiver has not accepted yet, oldest first.
    pub fn messages(&self) -> &[PendingMessage] {
        &self.messages
    }

    /// Compares the figures with what is known: fires and resolves alerts, and makes a message of
    /// each change.
    pub fn check(
        &mut self,
        figures: &Figures,
        policy: &AlertPolicy,
        moment: Moment,
    ) -> Vec<AlertNews> {
        let now = moment.now;
        self.settle_clock(now);
        self.unknown_submits.note(figures.unknown_submits, now);
        self.timers_repaired.note(figures.timers_repaired, now);
        let conditions = figures.conditions(self.counters(), policy, now);
        let mut news = Vec::new();
        for condition in &conditions {
            let known = self.firing.iter_mut().find(|alert| alert.is_of(condition));
            if let Some(alert) = known {
                alert.over_since = None;
                continue;
            }
            let alert = FiringAlert::of(condition);
            self.firing.push(alert.clone());
            let id = next_id(moment, &news);
            let body = body::firing(&id, condition, figures, self.counters(), policy, now);
            news.push(AlertNews::Firing(alert.clone()));
            self.send(id, &alert, body, policy, now, &mut news);
        }
        for alert in std::mem::take(&mut self.firing) {
            if conditions.iter().any(|condition| alert.is_of(condition)) {
                self.firing.push(alert);
                continue;
            }
            let over_since = alert.over_since.unwrap_or(now);
            if over_since + SETTLED > now {
                self.firing.push(FiringAlert {
                    over_since: Some(over_since),
                    ..alert
                });
                continue;
            }
            let id = next_id(moment, &news);
            let key = (alert.kind, alert.upstream.as_deref());
            let body = body::resolved(&id, key, (alert.since, over_since));
            let lasted = over_since.saturating_sub(alert.since);
            news.push(AlertNews::Resolved(alert.clone(), lasted));
            self.send(id, &alert, body, policy, now, &mut news);
        }
        if !policy.has_receiver {
            self.messages.clear();
        }
        news
    }

    /// Begins a try of each message that is due. A message waits for an earlier one about the same
    /// alert.
    pub fn begin_due(&mut self, now: Millis) -> (Vec<AlertMessage>, Vec<AlertNews>) {
        let (mut begun, mut news) = (Vec::new(), Vec::new());
        let mut earlier: Vec<PendingMessage> = Vec::new();
        for mut message in std::mem::take(&mut self.messages) {
            let is_first = !earlier.iter().any(|other| other.is_of_same(&message));
            if is_first && message.next_at <= now {
                let Some(sent) = message.begin(now) else {
                    news.push(AlertNews::GivenUp(message));
                    continue;
                };
                begun.push(sent);
            }
            earlier.push(message);
        }
        self.messages = earlier;
        (begun, news)
    }

    /// Records the answer to a try; `None` if the message is not known any more.
    pub fn answered(&mut self, id: &str, receipt: Receipt, now: Millis) -> Option<AlertNews> {
        let at = self.messages.iter().position(|message| message.id == id)?;
        let tried = self.messages[at].answered(receipt, now);
        Some(match tried {
            Tried::Accepted => AlertNews::Delivered(self.messages.remove(at)),
            Tried::GivenUp => AlertNews::GivenUp(self.messages.remove(at)),
            Tried::GoesOn => {
                let status = match receipt {
                    Receipt::Failed { status, .. } => status,
                    Receipt::Accepted { .. } | Receipt::Gone => None,
                };
                AlertNews::Failed(self.messages[at].clone(), status)
            }
        })
    }

    /// When to check again, or to send: when time alone changes something.
    pub fn next_at(&self, figures: &Figures, policy: &AlertPolicy, now: Millis) -> Option<Millis> {
        let settled = self
            .firing
            .iter()
            .filter_map(|alert| Some(alert.over_since? + SETTLED));
        let changes = figures.next_change(self.counters(), policy, now);
        settled.chain(changes).chain(self.next_send()).min()
    }

    /// When the next message is due: the first one about each alert counts.
    pub fn next_send(&self) -> Option<Millis> {
        let first = |(at, message): &(usize, &PendingMessage)| {
            !self.messages[..*at]
                .iter()
                .any(|other| other.is_of_same(message))
        };
        let firsts = self.messages.iter().enumerate().filter(first);
        firsts.map(|(_, message)| message.next_at).min()
    }

    fn counters(&self) -> Counters {
        Counters {
            unknown_submits: self.unknown_submits,
            timers_repaired: self.timers_repaired,
        }
    }

    fn send(
        &mut self,
        id: String,
        alert: &FiringAlert,
        body: String,
        policy: &AlertPolicy,
        now: Millis,
        news: &mut Vec<AlertNews>,
    ) {
        if !policy.has_receiver {
            return;
        }
        let key = (alert.kind, alert.upstream.clone());
        self.messages.push(PendingMessage::new(id, key, body, now));
        if self.messages.len() > MAX_MESSAGES {
            news.push(AlertNews::GivenUp(self.messages.remove(0)));
        }
    }

    /// Moves what a clock set back has put into the future.
    fn settle_clock(&mut self, now: Millis) {
        for alert in &mut self.firing {
            alert.over_since = alert.over_since.map(|at| at.min(now));
        }
        for message in &mut self.messages {
            message.settle_clock(now);
        }
    }
}

impl FiringAlert {
    fn of(condition: &Condition) -> Self {
        Self {
            kind: condition.kind,
            upstream: condition.upstream.clone(),
            since: condition.since,
            over_since: None,
        }
    }

    fn is_of(&self, condition: &Condition) -> bool {
        (self.kind, &self.upstream) == (condition.kind, &condition.upstream)
    }
}

/// The changes of one step share its random bits; their number makes their ids differ.
fn next_id(moment: Moment, news: &[AlertNews]) -> String {
    event_id(moment, news.len() as u64)
}
