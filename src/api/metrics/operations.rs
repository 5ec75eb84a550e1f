//! The description of the metrics routes.

use crate::api::field_error::FieldError;
use crate::api::openapi::formats::success;
use crate::api::openapi::operation::Operation;
use crate::api::openapi::parameters::query;
use crate::api::openapi::schemas::Schemas;
use crate::api::problem::Problem;
use crate::objects::series::MetricsReport;
use serde_json::json;

/// From `1m` to `7d`, in any of the three units.
const WINDOW: &str = "^([1-9]|[1-9][0-9]{1,3}|100[0-7][0-9]|10080)m$|^([1-9]|[1-9][0-9]|1[0-5][0-9]|16[0-8])h$|^[1-7]d$";

pub(crate) fn series(schemas: &mut Schemas) -> Operation {
    let window = json!({ "type": "string", "pattern": WINDOW, "default": "1h", "examples": ["15m", "1h", "7d"] });
    let far =
        "The window: minutes, hours or days, from `1m` to `7d`; with a user's token up to `6h`.";
    let wrong = FieldError::parameter(
        "window",
        "must be a duration such as 15m, 1h or 7d, from 1m to 7d",
    );
    Operation::new("getMetrics", "Queue")
        .says(
            "Get metrics",
            "Series with one value per minute of the window. Only keys and admins see costs.",
        )
        .with(query("window", far, &window))
        .answers(
            200,
            success("The series.", "metrics", &schemas.of::<MetricsReport>()),
        )
        .fails([Problem::invalid(vec![wrong]), Problem::window_too_long()])
}

pub(crate) fn totals(_: &mut Schemas) -> Operation {
    let text = json!({ "schema": { "type": "string" } });
    let answer = json!({
        "description": "Counters, gauges and histograms.",
        "content": { "text/plain": text, "application/openmetrics-text": text },
    });
    Operation::new("scrapeMetrics", "Operators")
        .says(
            "Metrics for Prometheus",
            "The text format 0.0.4; OpenMetrics 1.0 if `Accept` names `application/openmetrics-text`.",
        )
        .answers(200, answer)
}
