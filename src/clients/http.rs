//! Bounded outgoing requests: a time limit over headers and body, no automatic redirects, and
//! bodies read up to a limit.

use crate::clients::reply::Reply;
use crate::clock;
use crate::machine::outcome::{Outcome, Trouble, UpstreamAnswer};
use crate::time::Millis;
use futures::{Stream, StreamExt};
use js_sys::Array;
use std::time::Duration;
use worker::{
    AbortController, AbortSignal, Delay, Fetch, Headers, Method, Request, RequestInit,
    RequestRedirect, Response, ResponseBody,
};

/// A request that got no answer, or whose answer ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

/// The request may still have had its effect.
impl From<Lost> for Trouble {
    fn from(_: Lost) -> Self {
        Self::Unknown
    }
}

/// An answer under a time limit that continues while its body is read.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    response: Response,
    signal: AbortSignal,
}

/// One request to send.
pub(crate) struct HttpCall<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Option<String>,
    /// The time limit for the headers.
    pub(crate) headers_within: Millis,
    /// The time limit for headers and body together.
    pub(crate) all_within: Millis,
}

/// Logs the status and code of an answer with an unknown outcome, because the outcome does not
/// carry them.
pub(crate) fn unreadable_told<T>(reply: &Reply, outcome: Outcome<T>) -> Outcome<T> {
    if matches!(outcome, Err(Trouble::Unknown)) {
        let UpstreamAnswer { status, code } = reply.upstream_answer();
        tracing::warn!(
            upstreamStatus = status,
            upstreamCode = code,
            "[UPSTREAM] Answer not understood"
        );
    }
    outcome
}

impl HttpCall<'_> {
    /// Sends the request and reads its answer.
    pub(crate) async fn read(self, limit: usize) -> Result<Reply, Lost> {
        self.send().await?.reply(limit).await
    }

    /// Sends the request. The time limits apply to the request and to its answer.
    pub(crate) async fn send(self) -> Result<HttpAnswer, Lost> {
        let headers = Headers::new();
        for (name, value) in self.headers {
            headers.set(name, value).map_err(|_| Lost)?;
        }
        let mut init = RequestInit::new();
        init.with_method(self.method)
            .with_headers(headers)
            .with_redirect(RequestRedirect::Manual);
        init.with_body(self.body.map(Into::into));
        let request = Request::new_with_init(self.url, &init).map_err(|_| Lost)?;
        let limit = u32::try_from(self.all_within).unwrap_or(u32::MAX);
        let whole = web_sys::AbortSignal::timeout_with_u32(limit);
        let early = AbortController::default();
        let signal = AbortSignal::from(web_sys::AbortSignal::any(&Array::of2(
            &whole,
            &early.signal(),
        )));
        let fetch = Fetch::Request(request);
        let sending = std::pin::pin!(fetch.send_with_signal(&signal));
        let waiting = std::pin::pin!(Delay::from(Duration::from_millis(self.headers_within)));
        match futures::future::select(sending, waiting).await {
            futures::future::Either::Left((response, _)) => {
                let response = response.map_err(|_| Lost)?;
                Ok(HttpAnswer {
                    response,
                    signal: signal.clone(),
                })
            }
            futures::future::Either::Right(_) => {
                early.abort();
                Err(Lost)
            }
        }
    }
}

impl HttpAnswer {
    /// The answer of a binding, which has no time limit of its own.
    pub(crate) fn from_binding(response: Response) -> Self {
        Self {
            response,
            signal: AbortController::default().signal(),
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.response.status_code()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name).ok().flatten()
    }

    /// The answer with its whole body, if that ends within `limit` bytes. If the status is not a
    /// success, a body that breaks off counts as empty, because the status alone is meaningful.
    pub(crate) async fn reply(self, limit: usize) -> Result<Reply, Lost> {
        let (status, retry_after) = (self.status(), self.header("retry-after"));
        let body = match self.read(limit).await {
            Err(Lost) if !(200..=299).contains(&status) => Vec::new(),
            body => body?,
        };
        Ok(Reply {
            status,
            retry_after,
            body,
            now: clock::now(),
        })
    }

    /// The answer and its abort signal; an aborted body can look like one that ended.
    pub(crate) fn into_parts(self) -> (Response, AbortSignal) {
        (self.response, self.signal)
    }

    /// The whole body, if it ends within `limit` bytes.
    pub(crate) async fn read(self, limit: usize) -> Result<Vec<u8>, Lost> {
        let mut chunks = std::pin::pin!(self.chunks());
        let mut body = Vec::new();
        while let Some(chunk) = chunks.next().await {
            body.extend(chunk?);
            if body.len() > limit {
                return Err(Lost);
            }
        }
        Ok(body)
    }

    /// The body, chunk by chunk. A body that was cut off ends with an error.
    pub(crate) fn chunks(mut self) -> impl Stream<Item = Result<Vec<u8>, Lost>> + 'static {
        let body = match self.response.body() {
            ResponseBody::Empty => None,
            ResponseBody::Body(_) | ResponseBody::Stream(_) => {
                Some(self.response.stream().map_err(|_| Lost))
            }
        };
        futures::stream::unfold((body, self.signal), |(body, signal)| async move {
            let Ok(mut body) = body? else {
                return Some((Err(Lost), (None, signal)));
            };
            match body.next().await {
                Some(Ok(chunk)) => Some((Ok(chunk), (Some(Ok(body)), signal))),
                None if !signal.aborted() => None,
                Some(Err(_)) | None => Some((Err(Lost), (None, signal))),
            }
        })
    }

    /// Cancels a body that is not read, so that its connection is freed.
    pub(crate) fn discard(self) {
        if let ResponseBody::Stream(stream) = self.response.body() {
            // The result of the cancellation does not matter.
            drop(stream.cancel());
        }
    }
}
