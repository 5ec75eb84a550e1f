//! What every upstream can do.

use crate::clients::file::Download;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use crate::upstream::render_request::RenderRequest;
use async_trait::async_trait;

/// Someone who renders videos. Each call is one [`Outcome`] and ends within a time of its own.
#[async_trait(?Send)]
pub trait Provider {
    /// Pays for a render, and returns the name by which it is asked for. The caller has made its
    /// intent durable.
    ///
    /// Only a proof that nothing was accepted may be `Retry` or `Refused`; what leaves room for
    /// doubt is `Unknown`.
    async fn submit(&self, request: &RenderRequest<'_>) -> Outcome<String>;

    /// Asks how a render stands. `Refused` is the upstream's own final word on it.
    async fn poll(&self, operation: &str) -> Outcome<Progress>;

    /// Opens a video at the address that a poll found.
    async fn fetch(&self, uri: &str) -> Outcome<Download>;

    /// Tells the upstream that nobody wants a render any more. Where the wire has no such call,
    /// nothing is done.
    async fn cancel(&self, _operation: &str) -> Outcome<()> {
        Ok(())
    }
}
