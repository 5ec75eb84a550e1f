//! The app's JSON: what it posts and what it reads back.

mod canonical;
mod clarification;
mod delivery;
mod field_error;
mod fields;
mod generation;
mod identity;
mod images;
mod json_text;
mod metrics;
mod order;
mod problem;
mod prompt;
mod rendering;
mod request;

pub use clarification::{clarification, response_too_long};
pub use delivery::Delivery;
pub use field_error::{FieldError, Place};
pub use generation::{Generation, GenerationResult, Links, card, cost, dollars, rfc3339};
pub use identity::{
    GENERATION_ID_RULE, USER_ID_RULE, generation_id_for, idempotency_key, is_generation_id, is_user_id,
    new_generation_id,
};
pub use images::{MAX_IMAGE, Upload};
pub use json_text::read_object;
pub use metrics::{Metrics, MetricsBuilder};
pub use order::other_names;
pub use problem::{Problem, ProblemBody};
pub use prompt::PROMPT_CHARACTERS;
pub use rendering::MAX_NEGATIVE_PROMPT;
pub use request::{
    Intake, MAX_METADATA, MAX_PARAMETERS, MAX_START_DELAY, Parsed, START_TIMEOUT_MS, TIMEOUT_MS, body_user_id, parse,
};
