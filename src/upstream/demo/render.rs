//! What the demo answers: a pure function of the order and the time.

use crate::machine::job::Progress;
use crate::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use crate::time::{Millis, SECOND};
use crate::upstream::render_request::RenderRequest;
use serde::{Deserialize, Serialize};

/// How long a `[slow]` render takes.
const SLOW: Millis = 120 * SECOND;

/// A render under way. Its name is this as JSON.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Render {
    ends_at: Millis,
    /// The path of its video among the worker's assets; `None` if it will be filtered.
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<String>,
}

/// Takes an order. It renders for as long as its video is long, except where the prompt has one of
/// these words:
///
/// | in the prompt | what happens |
/// |---|---|
/// | `[slow]` | it renders for two minutes |
/// | `[refused]` | the submit is refused: `provider_rejected_content` |
/// | `[filtered]` | it renders, and the video is withheld: `provider_rejected_content` |
/// | `[rate-limited]` | the submit is refused: `provider_rate_limited` |
/// | `[unavailable]` | the submit is refused: `provider_unavailable` |
pub fn submit(request: &RenderRequest<'_>, now: Millis) -> Outcome<String> {
    let asks = |word: &str| request.prompt.contains(word);
    let refused = |code, sentence| Err(Trouble::Refused(Failure::new(code, sentence)));
    if asks("[refused]") {
        return refused(
            ErrorCode::ProviderRejectedContent,
            "The demo refused the prompt, because it contains [refused].",
        );
    }
    if asks("[rate-limited]") {
        return refused(
            ErrorCode::ProviderRateLimited,
            "The demo's rate limit was reached, because the prompt contains [rate-limited].",
        );
    }
    if asks("[unavailable]") {
        return refused(
            ErrorCode::ProviderUnavailable,
            "The demo is unavailable, because the prompt contains [unavailable].",
        );
    }
    let seconds = request.options.duration_seconds;
    let takes = if asks("[slow]") {
        SLOW
    } else {
        Millis::from(seconds) * SECOND
    };
    let ratio = request.options.aspect_ratio.replace(':', "x");
    let render = Render {
        ends_at: now + takes,
        video: (!asks("[filtered]")).then(|| format!("/demo/{ratio}-{seconds}s.mp4")),
    };
    serde_json::to_string(&render).map_err(|_| Trouble::retry(unreadable()))
}

/// Polls a render by its name.
pub fn poll(operation: &str, now: Millis) -> Outcome<Progress> {
    let render: Render =
        serde_json::from_str(operation).map_err(|_| Trouble::Refused(unreadable()))?;
    if now < render.ends_at {
        return Ok(Progress::Running);
    }
    let filtered = || {
        Trouble::Refused(Failure::new(
            ErrorCode::ProviderRejectedContent,
            "The demo withheld the video, because the prompt contains [filtered].",
        ))
    };
    Ok(Progress::Ready {
        uri: render.video.ok_or_else(filtered)?,
        cost_micros: Some(0),
    })
}

fn unreadable() -> Failure {
    Failure::new(
        ErrorCode::Internal,
        "The name of the demo's render is unreadable.",
    )
}
