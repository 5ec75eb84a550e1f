//! The open streams of one object: how many there are, and what wakes them.
//!
//! Nothing in it is state that matters. A stream takes what it tells from the database and remembers how far it has told; a
//! wake-up only says "look again", and a client whose stream was cut off resumes from the table.

use super::shell::log_failure;
use crate::clock;
use crate::machine::Millis;
use crate::machine::follow::{Follower, Look, PAGE, Then};
use crate::store;
use crate::wire::events::{EVENT_STREAM, OPENING, frame};
use event_listener::{Event, EventListener};
use futures::future::{self, Either};
use futures::stream;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::AbortSignal;
use worker::{Delay, Error, Response, Result, Storage};

/// How many streams one object has open at most: one generation is watched by one user, in a few tabs.
const MAX_STREAMS: u32 = 200;

/// The streams of one object.
#[derive(Debug, Default)]
pub(super) struct Followers {
    open: Cell<u32>,
    news: Event,
}

impl Followers {
    /// Has every stream look again.
    pub(super) fn wake(&self) {
        self.news.notify(usize::MAX);
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.open.get() >= MAX_STREAMS
    }

    /// The response that tells what the follower has to tell, until it closes or, as the request's signal says, the client
    /// has gone away.
    pub(super) fn stream(
        self: &Rc<Self>,
        storage: Storage,
        follower: Follower,
        signal: AbortSignal,
    ) -> Result<Response> {
        let turn =
            Turn { seat: Seat::take(self), caller: Caller::listen(signal), storage, follower, opening: Some(OPENING) };
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

/// Whether whoever asked is still there. The platform drops a response's stream without a word when its client goes
/// away, so the request's signal is what tells.
struct Caller {
    signal: AbortSignal,
    gone: Rc<Event>,
    _on_abort: Closure<dyn FnMut()>,
}

impl Caller {
    fn listen(signal: AbortSignal) -> Self {
        let gone = Rc::new(Event::new());
        let told = gone.clone();
        let on_abort = Closure::<dyn FnMut()>::new(move || {
            told.notify(usize::MAX);
        });
        signal.set_onabort(Some(on_abort.as_ref().unchecked_ref()));
        Self { signal, gone, _on_abort: on_abort }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.signal.set_onabort(None);
    }
}

/// One stream, asked for its next chunk each time the last one has been taken.
struct Turn {
    seat: Seat,
    caller: Caller,
    storage: Storage,
    follower: Follower,
    /// What is still to be said first.
    opening: Option<&'static str>,
}

impl Turn {
    /// Looks until there is something to tell; `None` when the stream is over. Failing ends it too: the client resumes.
    async fn next(mut self) -> Option<(Result<Vec<u8>>, Option<Self>)> {
        loop {
            // From before the look on, so that no step falls between the two.
            let (news, gone) = (self.seat.0.news.listen(), self.caller.gone.listen());
            if self.caller.signal.aborted() {
                return None;
            }
            let now = clock::now();
            let Look { events, then } = match self.look(now) {
                Ok(look) => look,
                Err(error) => {
                    log_failure("a stream could not be continued", &error);
                    return None;
                }
            };
            let told: String =
                self.opening.take().into_iter().map(str::to_owned).chain(events.iter().map(frame)).collect();
            if !told.is_empty() {
                // What a crash could still undo is not told.
                self.storage.sync().await.ok()?;
                let rest = if then == Then::Close { None } else { Some(self) };
                return Some((Ok(told.into_bytes()), rest));
            }
            match then {
                Then::LookAgain => {}
                Then::Wait { until } => wait(news, gone, until.saturating_sub(now)).await,
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

/// Waits for news or for the caller's end, `limit` at most.
async fn wait(news: EventListener, gone: EventListener, limit: Millis) {
    let woken = future::select(news, gone);
    match future::select(woken, Delay::from(Duration::from_millis(limit))).await {
        Either::Left(_) | Either::Right(_) => {}
    }
}
