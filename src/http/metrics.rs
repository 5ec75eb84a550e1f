//! What happened: as series by the minute for pages, and as counters for Prometheus.

use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use super::exposition::{Format, expose};
use super::query::metrics_window;
use super::view;
use crate::stub;
use crate::wire::api::Problem;
use crate::wire::message::{QueueMessage, QueueReply};

/// `GET /api/metrics?window=`. Any caller may ask; what all users together spend is told to operators and the app's
/// server.
pub(super) async fn series(call: &Call) -> Result<Answer, Problem> {
    call.anyone().await?;
    let window = call.parameter("window");
    let window = metrics_window(window.as_deref()).map_err(|error| Problem::invalid(vec![error]))?;
    let cost = !matches!(call.caller()?, Caller::User { admin: false, .. });
    let reply = stub::queue(&call.env, &QueueMessage::Metrics { window, cost }).await;
    let reply = reply.map_err(|error| view::unavailable(call, "queue gave no answer", &error))?;
    let QueueReply::Metrics { json } = reply else { return Err(view::out_of_turn(call)) };
    Ok(Answer::text("application/json", format!(r#"{{"success":true,"metrics":{json}}}"#)))
}

/// `GET /metrics`, for Prometheus: all that was ever counted and how the queue stands, in one question to it.
pub(super) async fn totals(call: &Call) -> Result<Answer, Problem> {
    call.operator()?;
    let reply = stub::queue(&call.env, &QueueMessage::Totals).await;
    let reply = reply.map_err(|error| view::unavailable(call, "queue gave no answer", &error))?;
    let QueueReply::Totals { totals, stats } = reply else { return Err(view::out_of_turn(call)) };
    let format = Format::asked_for(call.header("Accept").as_deref());
    let text = expose(totals, *stats, format).map_err(|_| Problem::unavailable())?;
    Ok(Answer::text(format.content_type(), text))
}
