//! The platform code that both objects share: reading and answering messages, and the single alarm.

use crate::clock;
use crate::config;
use crate::config::Config;
use crate::log;
use crate::machine::alarm;
use crate::machine::job::{AlarmChange, Wake, WakeReason};
use crate::time::{MINUTE, Millis, SECOND};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::rc::Rc;
use worker::{Env, Error, Request, Response, Result, SqlStorage, State, Storage};

/// When an alarm that fired while this instance was acting fires again.
const ACTING_RETRY: Millis = 10 * SECOND;
/// When an alarm that failed is retried.
const ALARM_RETRY: Millis = 30 * SECOND;
/// When an object with an invalid configuration reads it again.
const CONFIG_RETRY: Millis = MINUTE;

/// An object's platform side. It holds no important state: only whether this instance is acting,
/// and for which time it last set the alarm.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) env: Env,
    state: State,
    sql: SqlStorage,
    /// `None` until this instance has set the alarm: it never relies on one set by an earlier
    /// instance.
    alarm_at: Cell<Option<Millis>>,
    acting: Cell<bool>,
    /// The prefix of its log lines.
    component: &'static str,
}

impl Shell {
    pub(crate) fn new(state: State, env: Env, component: &'static str) -> Self {
        log::start(|| config::log_level(&env));
        let sql = state.storage().sql();
        Self {
            env,
            sql,
            state,
            alarm_at: Cell::new(None),
            acting: Cell::new(false),
            component,
        }
    }

    pub(crate) fn sql(&self) -> SqlStorage {
        self.sql.clone()
    }

    pub(crate) fn config(&self) -> Result<Rc<Config>> {
        Config::from_env(&self.env).map_err(|error| Error::RustError(error.to_string()))
    }

    /// Answers a message with the response of `answer`, or with 500 if that fails.
    pub(crate) async fn serve(
        &self,
        mut request: Request,
        answer: impl AsyncFnOnce(Envelope) -> Result<Response>,
    ) -> Result<Response> {
        let envelope = Envelope {
            path: request.path(),
            body: request.text().await?,
        };
        match answer(envelope).await {
            Ok(response) => Ok(response),
            Err(error) => {
                tracing::error!(reason = %error, "[{}] Message failed", self.component);
                Response::error("the message could not be processed", 500)
            }
        }
    }

    /// Handles the alarm, once at a time: a second handler must not mistake a running effect for
    /// one that was cut off. After any failure the alarm is set again and the platform receives
    /// `Ok`, because it drops an alarm that fails six times.
    pub(crate) async fn on_alarm(
        &self,
        act: impl AsyncFnOnce(Rc<Config>) -> Result<()>,
    ) -> Result<Response> {
        self.alarm_at.set(None);
        let Some(_acting) = Acting::begin(&self.acting) else {
            let now = clock::now();
            self.set_alarm(Some(now + ACTING_RETRY), now).await?;
            return Response::empty();
        };
        let (failed, retry) = match self.config() {
            Err(error) => (Err(error), CONFIG_RETRY),
            Ok(config) => (act(config).await, ALARM_RETRY),
        };
        if let Err(error) = failed {
            tracing::error!(reason = %error, "[{}] Alarm failed", self.component);
            let now = clock::now();
            self.set_alarm(Some(now + retry), now).await?;
        }
        Response::empty()
    }

    /// Sets the alarm as a step requests.
    pub(crate) async fn arm(&self, alarm: AlarmChange, now: Millis) -> Result<()> {
        match alarm {
            AlarmChange::Leave => Ok(()),
            AlarmChange::Ensure(_) if self.alarm_at.get().is_some() || self.acting.get() => Ok(()),
            AlarmChange::Ensure(at) => self.set_alarm(at, now).await,
            AlarmChange::Set(Some(Wake {
                at,
                reason: WakeReason::Guard,
            })) => self.set_alarm_by(Some(at), now).await,
            AlarmChange::Set(wake) => self.set_alarm(wake.map(|wake| wake.at), now).await,
            AlarmChange::SetAnew(at) => {
                self.distrust_alarm();
                self.set_alarm(at, now).await
            }
        }
    }

    /// Sets the alarm for `at`, or for the next millisecond if that has passed. The write is part
    /// of the same storage write as the step before it, because nothing is awaited in between.
    async fn set_alarm(&self, at: Option<Millis>, now: Millis) -> Result<()> {
        self.write_alarm(at.and_then(|at| alarm::exactly(self.alarm_at.get(), at, now)))
            .await
    }

    /// Sets the alarm for `at` at the latest. An earlier alarm that this instance set and that is
    /// still in the future is kept, because each write of the alarm is billed as a row. An alarm
    /// that fires too early finds nothing due, or this instance acting, and is set again.
    pub(crate) async fn set_alarm_by(&self, at: Option<Millis>, now: Millis) -> Result<()> {
        self.write_alarm(at.and_then(|at| alarm::by(self.alarm_at.get(), at, now)))
            .await
    }

    async fn write_alarm(&self, at: Option<Millis>) -> Result<()> {
        let Some(at) = at else { return Ok(()) };
        self.alarm_at.set(Some(at));
        let time = i64::try_from(at)
            .ok()
            .and_then(DateTime::<Utc>::from_timestamp_millis);
        let set = self
            .state
            .storage()
            .set_alarm(time.unwrap_or_default())
            .await;
        if set.is_err() {
            self.alarm_at.set(None);
        }
        set
    }

    /// Forgets the time for which the alarm was set, so that the next write happens even for the
    /// same time.
    pub(crate) fn distrust_alarm(&self) {
        self.alarm_at.set(None);
    }

    /// The time for which the alarm is set, if it is set and has not fired.
    pub(crate) async fn alarm(&self) -> Result<Option<Millis>> {
        let at = self.state.storage().get_alarm().await?;
        Ok(at.and_then(|at| Millis::try_from(at).ok()))
    }

    /// Whether this instance's alarm handler is running.
    pub(crate) fn is_acting(&self) -> bool {
        self.acting.get()
    }

    /// Carries out work for which its event does not wait.
    pub(crate) fn detach(&self, work: impl Future<Output = ()> + 'static) {
        self.state.wait_until(work);
    }

    /// The storage, for a stream that outlives the message it answers.
    pub(crate) fn storage(&self) -> Storage {
        self.state.storage()
    }

    /// Deletes everything, the alarm included.
    pub(crate) async fn delete_all(&self) -> Result<()> {
        self.state.storage().delete_all().await?;
        self.alarm_at.set(None);
        Ok(())
    }
}

/// A reply as its response: 200 with its JSON.
pub(crate) fn reply(reply: &impl Serialize) -> Result<Response> {
    Response::ok(serde_json::to_string(reply)?)
}

/// A message as received.
pub(crate) struct Envelope {
    path: String,
    body: String,
}

impl Envelope {
    /// The message's [`NAME`](crate::machine::message::Message::NAME).
    pub(crate) fn name(&self) -> &str {
        self.path.trim_start_matches('/')
    }

    pub(crate) fn read<M: DeserializeOwned>(&self) -> Result<M> {
        Ok(serde_json::from_str(&self.body)?)
    }

    pub(crate) fn unknown(&self) -> Error {
        Error::RustError(format!("unknown message {}", self.name()))
    }
}

/// Marks that this instance is acting, until dropped.
#[derive(Debug)]
struct Acting<'a>(&'a Cell<bool>);

impl<'a> Acting<'a> {
    /// `None` while another one is held.
    fn begin(flag: &'a Cell<bool>) -> Option<Self> {
        if flag.replace(true) {
            None
        } else {
            Some(Self(flag))
        }
    }
}

impl Drop for Acting<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
