//! The operations of every upstream.

use crate::clients::file::Download;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use crate::upstream::render_request::RenderRequest;
use async_trait::async_trait;

/// A service that renders videos. Each call returns one [`Outcome`] and has its own time limit.
#[async_trait(?Send)]
pub trait Provider {
    /// Pays for a render, and returns the name by which it is polled. The caller has saved its
    /// intent.
    ///
    /// `Retry`, `NotNow` and `Refused` require proof that nothing was accepted; any doubt is
    /// `Unknown`.
    async fn submit(&self, request: &RenderRequest<'_>) -> Outcome<String>;

    /// Polls a render. `Refused` is the upstream's own final answer.
    async fn poll(&self, operation: &str) -> Outcome<Progress>;

    /// Opens a video at the address that a poll found.
    async fn fetch(&self, uri: &str) -> Outcome<Download>;

    /// Cancels a render that nobody wants any more. Does nothing if the upstream has no such call.
    async fn cancel(&self, _operation: &str) -> Outcome<()> {
        Ok(())
    }
}
