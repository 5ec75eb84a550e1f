//! The description of the queue's routes.

use crate::api::openapi::formats::success;
use crate::api::openapi::operation::Operation;
use crate::api::openapi::schemas::Schemas;
use crate::generation::Generation;
use crate::store::stats::QueueStats;

const TAG: &str = "Queue";
const NUMBERS: &str = "How many jobs wait and run, for how long, the dispatch mode, and what blocks them. Only keys and admins see what all users spent today and which alerts are firing.";

pub(crate) fn status(schemas: &mut Schemas) -> Operation {
    Operation::new("getQueueStatus", TAG)
        .says("Get the queue's figures", NUMBERS)
        .answers(
            200,
            success(
                "The current figures.",
                "status",
                &schemas.of::<QueueStats>(),
            ),
        )
}

pub(crate) fn stats(schemas: &mut Schemas) -> Operation {
    Operation::new("getQueueStats", TAG)
        .says("The same as `stats`", NUMBERS)
        .answers(
            200,
            success("The current figures.", "stats", &schemas.of::<QueueStats>()),
        )
}

pub(crate) fn job(schemas: &mut Schemas) -> Operation {
    Operation::new("getQueueJob", TAG)
        .says(
            "Get a generation as `job`",
            "The same as `GET /api/generations/{id}`, under the key `job`.",
        )
        .answers(
            200,
            success(
                "The generation in its current state.",
                "job",
                &schemas.of::<Generation>(),
            ),
        )
}
