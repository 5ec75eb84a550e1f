//! The description of the operators' routes.

use crate::api::generations::GenerationPage;
use crate::api::openapi::formats::{USER_ID, json_answer};
use crate::api::openapi::operation::Operation;
use crate::api::openapi::parameters;
use crate::api::openapi::schemas::Schemas;
use crate::api::operators::{CleanUp, Gate};
use serde_json::json;

const TAG: &str = "Operators";

pub(crate) fn jobs(schemas: &mut Schemas) -> Operation {
    let user = json!({ "type": "string", "pattern": USER_ID });
    Operation::new("listQueueJobs", TAG)
        .says(
            "List all generations",
            "Newest first. Each entry is as of its last change of status.",
        )
        .with(parameters::status())
        .with(parameters::query(
            "userId",
            "Only generations of this user.",
            &user,
        ))
        .with(parameters::search())
        .answers_page(&schemas.of::<GenerationPage>())
}

pub(crate) fn pause(schemas: &mut Schemas) -> Operation {
    Operation::new("pauseQueue", TAG)
        .says("Pause the queue", "No further job starts. Running jobs continue, and new orders are accepted and wait. Repeating it changes nothing.")
        .answers(200, json_answer("The queue is paused.", &schemas.of::<Gate>()))
}

pub(crate) fn resume(schemas: &mut Schemas) -> Operation {
    Operation::new("resumeQueue", TAG)
        .says("Resume the queue", "Starts waiting jobs again. A video service that asked for a long wait is probed at once.")
        .answers(200, json_answer("The queue is open.", &schemas.of::<Gate>()))
}

pub(crate) fn clean_up(schemas: &mut Schemas) -> Operation {
    Operation::new("cleanUp", TAG)
        .says("Clean up now", "Runs the daily clean-up: generations older than `CLEANUP_RETENTION_DAYS` are deleted with their videos.")
        .answers(200, json_answer("How many are being deleted.", &schemas.of::<CleanUp>()))
}
