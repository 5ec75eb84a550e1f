//! What the queue holds, and how it went.

use crate::api::field_error::FieldError;
use crate::api::openapi::formats::success;
use crate::api::openapi::operation::{Access, Operation};
use crate::api::openapi::parameters::query;
use crate::api::openapi::schemas::Schemas;
use crate::api::problem::Problem;
use crate::objects::series::Metrics;
use crate::store::stats::QueueStats;
use serde_json::json;

const TAG: &str = "Queue";
/// From `1m` to `7d`, each unit up to that.
const WINDOW: &str =
    "^([1-9]|[1-9][0-9]{1,3}|100[0-7][0-9]|10080)m$|^([1-9]|[1-9][0-9]|1[0-5][0-9]|16[0-8])h$|^[1-7]d$";

pub(crate) fn all(schemas: &mut Schemas) -> Vec<Operation> {
    let stats = schemas.of::<QueueStats>();
    let metrics = schemas.of::<Metrics>();
    let numbers = "How many wait and run, for how long, in which mode, and what stands in the way. What all users together have spent \
         today is told to keys and admins only.";
    let window = json!({ "type": "string", "pattern": WINDOW, "default": "1h", "examples": ["15m", "1h", "7d"] });
    vec![
        Operation::get("/api/queue/status", "getQueueStatus")
            .of(TAG, Access::Anyone)
            .says("What the queue holds", numbers)
            .answers(200, success("The numbers of now.", "status", &stats)),
        Operation::get("/api/queue/stats", "getQueueStats")
            .of(TAG, Access::Anyone)
            .says("The same as `stats`", numbers)
            .answers(200, success("The numbers of now.", "stats", &stats)),
        Operation::get("/api/queue/jobs/{id}", "getQueueJob")
            .of(TAG, Access::Owner)
            .says("The same as a generation", "What `GET /api/generations/{id}` answers, called `job`.")
            .answers(
                200,
                success("The generation as it is now.", "job", &crate::api::generations::operations::schema()),
            )
            .fails([Problem::no_generation()]),
        Operation::get("/api/metrics", "getMetrics")
            .of(TAG, Access::Anyone)
            .says(
                "How it went",
                "Series with one value for each minute of the window. Costs are told to keys and admins only.",
            )
            .with(query(
                "window",
                "How far back: minutes, hours or days, from `1m` to `7d`; with a user's token up to `6h`.",
                &window,
            ))
            .answers(200, success("The series.", "metrics", &metrics))
            .fails([
                Problem::invalid(vec![FieldError::parameter("window", "must be such as 15m, 1h or 7d, from 1m to 7d")]),
                Problem::window_too_long(),
            ]),
    ]
}
