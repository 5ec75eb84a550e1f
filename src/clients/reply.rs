//! The answer to a request, read whole.

use crate::clients::error_body::ErrorBody;
use crate::machine::outcome::UpstreamAnswer;
use crate::time::Millis;

/// An HTTP answer of the upstream, with its body read whole.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
    /// When it was received, in milliseconds since the Unix epoch.
    pub now: Millis,
}

impl Reply {
    /// Whether the call did what it was asked, as far as HTTP says.
    pub(crate) fn is_success(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    /// Its status and error code, for the log.
    pub fn upstream_answer(&self) -> UpstreamAnswer {
        answer(self, &ErrorBody::read(&self.body))
    }
}

pub(crate) fn answer(reply: &Reply, body: &ErrorBody) -> UpstreamAnswer {
    UpstreamAnswer {
        status: reply.status,
        code: body.code(),
    }
}
