//! An answer with its whole body in memory.

use crate::clients::error_body::ErrorBody;
use crate::machine::outcome::UpstreamAnswer;
use crate::time::Millis;

/// An HTTP answer of the upstream, with its whole body in memory.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
    /// When it was received, in milliseconds since the Unix epoch.
    pub now: Millis,
}

impl Reply {
    /// Whether the HTTP status is a success.
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
