//! The open streams of one object: their number, and what wakes them.
//!
//! It holds no important state. A stream reads its events from the database and remembers its
//! position; a wake-up only means "read again", and a client whose stream was cut off resumes from
//! its position.

use crate::clock;
use crate::machine::follow::{Follower, Look, PAGE, Then};
use crate::objects::sse::{EVENT_STREAM, OPENING, frame};
use crate::store;
use crate::time::Millis;
use event_listener::{Event, EventListener};
use futures::future::{self, Either};
use futures::stream;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use worker::{Delay, Error, Response, Result, Storage};

/// The most streams that one object has open: one generation is watched by one user, in a few tabs.
const MAX_STREAMS: u32 = 64;

/// The streams of one object.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    open: Cell<u32>,
    news: Event,
}

impl Followers {
    /// Makes every stream read again.
    pub(crate) fn wake(&self) {
        self.news.notify(usize::MAX);
    }

    pub(crate) fn are_too_many(&self) -> bool {
        self.open.get() >= MAX_STREAMS
    }

    /// A response that streams the follower's events, until the stream closes or the client
    /// disconnects.
    pub(crate) fn stream(
        self: &Rc<Self>,
        storage: Storage,
        follower: Follower,
    ) -> Result<Response> {
        let turn = Turn {
            seat: Seat::take(self),
            storage,
            follower,
            opening: Some(OPENING),
        };
        let chunks = stream::unfold(Some(turn), async |turn| turn?.next().await);
        let mut response = Response::from_stream(chunks)?;
        response.headers_mut().set("Content-Type", EVENT_STREAM)?;
        Ok(response)
    }
}

/// A place among the open streams, freed when it is dropped.
#[derive(Debug)]
struct Seat(Rc<Followers>);

impl Seat {
    fn take(followers: &Rc<Followers>) -> Self {
        followers.open.set(followers.open.get().saturating_add(1));
        Self(followers.clone())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get().saturating_sub(1));
    }
}

/// One stream, polled for its next chunk each time the last one was taken.
struct Turn {
    seat: Seat,
    storage: Storage,
    follower: Follower,
    /// Sent before the first event.
    opening: Option<&'static str>,
}

impl Turn {
    /// Reads until there is something to send; `None` when the stream is over. A failure ends it
    /// too: the client resumes.
    async fn next(mut self) -> Option<(Result<Vec<u8>>, Option<Self>)> {
        loop {
            // Listen before reading, so that no step falls between the two.
            let news = self.seat.0.news.listen();
            let now = clock::now();
            let Look { events, then } = match self.look(now) {
                Ok(look) => look,
                Err(error) => {
                    tracing::error!(reason = %error, "[JOB] Stream failed");
                    return None;
                }
            };
            let told: String = self
                .opening
                .take()
                .into_iter()
                .map(str::to_owned)
                .chain(events.iter().map(frame))
                .collect();
            if !told.is_empty() {
                // Send only what is durable: a crash must not undo what was sent.
                self.storage.sync().await.ok()?;
                let rest = if then == Then::Close {
                    None
                } else {
                    Some(self)
                };
                return Some((Ok(told.into_bytes()), rest));
            }
            match then {
                Then::LookAgain => {}
                Then::Wait { until } => wait(news, until.saturating_sub(now)).await,
                Then::Close => return None,
            }
        }
    }

    fn look(&mut self, now: Millis) -> Result<Look> {
        let sql = self.storage.sql();
        let job = store::job::load(&sql).map_err(|error| Error::RustError(error.to_string()))?;
        let entries = match &job {
            Some(_) => store::job::timeline_after(&sql, self.follower.told(), PAGE)?,
            None => Vec::new(),
        };
        Ok(self.follower.look(job.as_ref(), entries, now))
    }
}

/// Waits for news, at most `limit` milliseconds.
async fn wait(news: EventListener, limit: Millis) {
    match future::select(news, Delay::from(Duration::from_millis(limit))).await {
        Either::Left(_) | Either::Right(_) => {}
    }
}
