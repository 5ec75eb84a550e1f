//! The app's JSON: what it posts and what it reads back.

mod answers;
mod canonical;

mod delivery;
mod field_error;
mod fields;
mod generation;
mod identity;
mod images;
mod metrics;
mod problem;
mod request;

pub use delivery::Delivery;
pub use field_error::{FieldError, Place};
pub use generation::{Generation, GenerationResult, Links, card, cost, dollars, rfc3339};
pub use identity::{
    GENERATION_ID_RULE, USER_ID_RULE, generation_id_for, idempotency_key, is_generation_id, is_user_id,
    new_generation_id,
};
pub use images::{MAX_IMAGE, Upload};
pub use metrics::{Metrics, MetricsBuilder};
pub use problem::{Problem, ProblemBody};
pub use request::{
    Intake, MAX_METADATA, MAX_NEGATIVE_PROMPT, MAX_PARAMETERS, MAX_START_DELAY, PROMPT_CHARACTERS, Parsed, TIMEOUT_MS,
    body_user_id, clarification, parse, response_too_long,
};
