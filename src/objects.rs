//! Durable Object shells: load, step, save, act. What happens is decided in [`crate::machine`].

mod followers;
mod job_manager;
mod queue_manager;
mod shell;
mod upstream;

pub use job_manager::JobManager;
pub use queue_manager::QueueManager;
