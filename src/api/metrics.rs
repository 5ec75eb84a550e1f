//! Metrics: series per minute for the dashboard, and counters for Prometheus.

pub mod exposition;
#[cfg(not(target_arch = "wasm32"))]
pub mod operations;

use crate::api::access::Operator;
use crate::api::answer::Answer;
use crate::api::auth::Caller;
use crate::api::call::Call;
use crate::api::generations::view;
use crate::api::metrics::exposition::{Format, expose};
use crate::api::problem::Problem;
use crate::api::query::metrics_window;
use crate::objects::messages::{Series, Totals};
use crate::time::{HOUR, Millis};

/// The longest window for a user's token. Reading a week of minutes blocks the queue for a moment.
const USERS_WINDOW: Millis = 6 * HOUR;

/// `GET /api/metrics?window=`, for any caller. Only operators and the app's server see what all
/// users together spend.
pub(crate) async fn series(call: &Call, caller: Caller) -> Result<Answer, Problem> {
    let window = call.parameter("window");
    let window =
        metrics_window(window.as_deref()).map_err(|error| Problem::invalid(vec![error]))?;
    let cost = caller.is_trusted();
    if window > USERS_WINDOW && !caller.is_trusted() {
        return Err(Problem::window_too_long());
    }
    let json = view::queue(call, &Series { window, cost }).await?;
    Ok(Answer::text(
        "application/json",
        format!(r#"{{"success":true,"metrics":{json}}}"#),
    ))
}

/// `GET /metrics`, for Prometheus: all counters and the queue's current figures, read from the
/// queue with one message.
pub(crate) async fn totals(call: &Call, _: Operator) -> Result<Answer, Problem> {
    let (totals, stats) = view::queue(call, &Totals).await?;
    let format = Format::asked_for(call.header("Accept").as_deref());
    let text = expose(totals, stats, format).map_err(|_| Problem::unavailable())?;
    Ok(Answer::text(format.content_type(), text))
}
