//! The open streams of one object: how many there are, and what wakes them.
//!
//! Nothing in it is state that matters. A stream takes what it tells from the database and
//! remembers how far it has told; a wake-up only says "look again", and a client whose stream was
//! cut off resumes from there.

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

/// How many streams one object has open at most: one generation is watched by one user, in a few
/// tabs.
const MAX_STREAMS: u32 = 64;

/// The streams of one object.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    open: Cell<u32>,
    news: Event,
}

impl Followers {
    /// Has every stream look again.
    pub(crate) fn wake(&self) {
        self.news.notify(usize::MAX);
    }

    pub(crate) fn are_too_many(&self) -> bool {
        self.open.get() >= MAX_STREAMS
    }

    /// The response that tells what the follower has to tell, until it closes or the client goes
    /// away.
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

/// A place among the open streams, free again once it is dropped.
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

/// One stream, asked for its next chunk each time the last one has been taken.
struct Turn {
    seat: Seat,
    storage: Storage,
    follower: Follower,
    /// What is still to be said first.
    opening: Option<&'static str>,
}

impl Turn {
    /// Looks until there is something to tell; `None` when the stream is over. Failing ends it too:
    /// the client resumes.
    async fn next(mut self) -> Option<(Result<Vec<u8>>, Option<Self>)> {
        loop {
            // From before the look on, so that no step falls between the two.
            let news = self.seat.0.news.listen();
            let now = clock::now();
            let Look { events, then } = match self.look(now) {
                Ok(look) => look,
                Err(error) => {
                    tracing::error!(reason = %error, "[JOB] Stream cut off");
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
                // What a crash could still undo is not told.
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

/// Waits for news, `limit` at most.
async fn wait(news: EventListener, limit: Millis) {
    match future::select(news, Delay::from(Duration::from_millis(limit))).await {
        Either::Left(_) | Either::Right(_) => {}
    }
}
