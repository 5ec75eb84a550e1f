//! For whoever runs the worker.

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
            "All users' generations",
            "Newest first, each as of its last change of status.",
        )
        .with(parameters::status())
        .with(parameters::query(
            "userId",
            "Only those of this user.",
            &user,
        ))
        .with(parameters::search())
        .answers_page(&schemas.of::<GenerationPage>())
}

pub(crate) fn pause(schemas: &mut Schemas) -> Operation {
    Operation::new("pauseQueue", TAG)
        .says("Pause", "Nothing is started from now on; what runs goes on, and orders are taken and wait. Asking twice changes nothing.")
        .answers(200, json_answer("The queue is paused.", &schemas.of::<Gate>()))
}

pub(crate) fn resume(schemas: &mut Schemas) -> Operation {
    Operation::new("resumeQueue", TAG)
        .says("Resume", "What waits is started again. A video service that asked for a long wait is probed at once.")
        .answers(200, json_answer("The queue is open.", &schemas.of::<Gate>()))
}

pub(crate) fn clean_up(schemas: &mut Schemas) -> Operation {
    Operation::new("cleanUp", TAG)
        .says("Clean up now", "What the daily cron does: generations older than `CLEANUP_RETENTION_DAYS` are forgotten with their videos.")
        .answers(200, json_answer("How many are being forgotten.", &schemas.of::<CleanUp>()))
}
