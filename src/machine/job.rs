//! One generation's life: queued, submitting, rendering, storing, then notifying until done.
//!
//! Messages are answered by [`answer`] and record what happened; only the alarm acts. Its step
//! returns the new job with at most one effect. The shell saves the job, carries out the effect and
//! returns its answer, so at most one effect of a job is ever in flight. An effect found in flight
//! when an alarm begins was cut off: its answer is lost. For a paid submit that is
//! `Trouble::Unknown`, once its call can no longer be in flight; everything else is safe to
//! repeat. Only a poll is not recorded: its answer is matched by epoch and operation, and the next
//! poll replaces a lost one.
//!
//! Invariants held here: I2 (a live job always has a wake-up), I3 (an older epoch changes nothing),
//! I4 (the money rule), I5 (one event id for each terminal status), I8 (terminal is final).

mod bulk;
mod cancel;
mod cancel_upstream;
mod context;
mod cost;
mod counting;
mod desk;
mod exchange;
mod finish;
mod message;
mod not_now;
mod order;
mod pace;
mod policy;
mod poll;
mod record;
mod rules;
mod run;
mod start;
mod step;
mod store;
mod submit;
mod timeline;
mod video;
mod wake;

pub use cancel::MAX_PROMPT;
pub use cancel_upstream::MAX_CANCEL_TRIES;
pub use context::Context;
pub use desk::{AlarmChange, Answered, Change, Desk, JobMessage, Setting, answer};
pub use exchange::{Answer, Effect, InFlight, Progress, Refusal, Wake, WakeReason};
pub use message::{
    BulkAct, Cancel, Check, Clarify, Confirm, Conflict, Create, Created, DeadLetter, Delete,
    DeleteVideo, Deliveries, Redeliver, Retry, Start, State, UpstreamWebhook, View, Withdraw,
};
pub use order::{
    ImageRole, InputImage, ModelTerms, Order, Origin, RenderOptions, Request, Warning,
};
pub use policy::{Policy, UnknownSubmit};
pub use poll::{MAX_UPSTREAM_WEBHOOK_ID, MAX_UPSTREAM_WEBHOOKS};
pub use record::{
    ENQUEUE_GRACE, End, IMAGES, Job, JobRecord, MAX_ATTEMPTS, NotNow, PENDING_EXPIRY, Phase,
    RetryTask, Submit, SubmitAnswer,
};
pub use rules::{Rules, Texts};
pub use run::{MAX_EFFECTS, Ran, Run};
pub use start::QUEUED_HEARTBEAT;
pub use step::{Step, answered, wake};
pub use timeline::{TimelineEntry, TimelineStep};
pub use video::Video;
pub use wake::EFFECT_GUARD;
