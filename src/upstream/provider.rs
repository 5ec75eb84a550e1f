//! The operations of every upstream.

use crate::clients::file::Download;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use crate::time::Millis;
use crate::upstream::render_request::RenderRequest;
use async_trait::async_trait;

/// The result of trying a configured key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyCheck {
    /// The upstream accepts the key, or needs none.
    Accepted,
    /// The upstream refuses the key, so it must be replaced. As below, the sentence says why, and
    /// never contains the key.
    Refused(String),
    /// No order would succeed, but another key would not help.
    Failed(String),
    /// The answer says nothing about the key.
    Unknown(String),
}

impl KeyCheck {
    /// No answer came in time.
    pub fn unanswered() -> Self {
        Self::Failed(
            "The video service did not answer within 5 seconds. Check its address in the settings."
                .to_owned(),
        )
    }
}

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

    /// Tries the key by calls that cost nothing. Each call takes at most `within` milliseconds.
    async fn check_key(&self, _within: Millis) -> KeyCheck {
        KeyCheck::Unknown("This provider has no free call that tries its key.".to_owned())
    }
}
