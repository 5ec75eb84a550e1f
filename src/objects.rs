//! Durable Object shells: load, step, save, act. [`crate::machine`] makes the decisions.

pub mod alerts;
pub mod calls;
pub mod job_manager;
pub mod messages;
pub mod positions;
pub mod queue_manager;
pub mod series;
pub mod shell;
pub mod sse;
pub mod streams;
pub mod stub;
pub mod texts;

pub use crate::objects::job_manager::JobManager;
pub use crate::objects::queue_manager::QueueManager;
