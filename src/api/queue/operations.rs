//! What the queue holds.

use crate::api::openapi::formats::success;
use crate::api::openapi::operation::Operation;
use crate::api::openapi::schemas::Schemas;
use crate::generation::Generation;
use crate::store::stats::QueueStats;

const TAG: &str = "Queue";
const NUMBERS: &str = "How many wait and run, for how long, in which mode, and what stands in the way. What all users \
     together have spent today is told to keys and admins only.";

pub(crate) fn status(schemas: &mut Schemas) -> Operation {
    Operation::new("getQueueStatus", TAG)
        .says("What the queue holds", NUMBERS)
        .answers(
            200,
            success("The numbers of now.", "status", &schemas.of::<QueueStats>()),
        )
}

pub(crate) fn stats(schemas: &mut Schemas) -> Operation {
    Operation::new("getQueueStats", TAG)
        .says("The same as `stats`", NUMBERS)
        .answers(
            200,
            success("The numbers of now.", "stats", &schemas.of::<QueueStats>()),
        )
}

pub(crate) fn job(schemas: &mut Schemas) -> Operation {
    Operation::new("getQueueJob", TAG)
        .says(
            "The same as a generation",
            "What `GET /api/generations/{id}` answers, called `job`.",
        )
        .answers(
            200,
            success(
                "The generation as it is now.",
                "job",
                &schemas.of::<Generation>(),
            ),
        )
}
