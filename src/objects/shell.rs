//! What both objects share: reading a message, answering it, and the one alarm.

use crate::machine::{MINUTE, Millis, SECOND};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::Cell;
use worker::{Request, Response, Result, State};

/// When an alarm that failed is tried again.
pub(super) const ALARM_RETRY: Millis = 30 * SECOND;
/// When an object with a bad configuration looks again.
pub(super) const CONFIG_RETRY: Millis = MINUTE;

/// Reads the message in a request's body.
pub(super) async fn read<M: DeserializeOwned>(mut request: Request) -> Result<M> {
    let text = request.text().await?;
    Ok(serde_json::from_str(&text)?)
}

/// Answers a message.
pub(super) fn reply<R: Serialize>(reply: &R) -> Result<Response> {
    Response::ok(serde_json::to_string(reply)?)
}

/// An object's one alarm, as this instance of the object last set it.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    /// `None` until this instance has set it: whether a surviving alarm is there is never relied on.
    set_for: Cell<Option<Millis>>,
}

impl Alarm {
    /// Sets the alarm for `at`, or for the next millisecond if that has passed. The write joins the one
    /// storage write of the step before it, because nothing is awaited in between.
    pub(super) async fn set(&self, state: &State, at: Option<Millis>, now: Millis) -> Result<()> {
        let Some(at) = at.map(|at| at.max(now + 1)) else { return Ok(()) };
        if self.set_for.get() == Some(at) {
            return Ok(());
        }
        self.set_for.set(Some(at));
        let time = i64::try_from(at).ok().and_then(DateTime::<Utc>::from_timestamp_millis);
        let set = state.storage().set_alarm(time.unwrap_or_default()).await;
        if set.is_err() {
            self.set_for.set(None);
        }
        set
    }

    /// The alarm has fired: none is set any more.
    pub(super) fn fired(&self) {
        self.set_for.set(None);
    }

    /// Whether this instance has set the alarm since it began.
    pub(super) fn is_known(&self) -> bool {
        self.set_for.get().is_some()
    }
}

/// Marks that this instance is acting, until dropped: a second alarm must not take its effect for one that
/// was cut off.
#[derive(Debug)]
pub(super) struct Acting<'a>(&'a Cell<bool>);

impl<'a> Acting<'a> {
    /// `None` while another one is held.
    pub(super) fn begin(flag: &'a Cell<bool>) -> Option<Self> {
        if flag.replace(true) { None } else { Some(Self(flag)) }
    }
}

impl Drop for Acting<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
