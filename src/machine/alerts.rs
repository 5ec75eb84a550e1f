//! Alerts: what an operator should know at once, and the messages about it.
//!
//! An alert fires when its condition has lasted for its threshold. It is resolved when the
//! condition has been over for [`SETTLED`], so that a condition which comes and goes causes no
//! further message. Each of the two changes makes one message, with one id and one body. It is sent
//! at least once, until the receiver accepts it or its tries are used up.
//!
//! Invariant held here: I19 (an alert is sent soon after its threshold, and once for each change).

mod body;
mod condition;
mod counter;
mod kind;
mod message;
mod record;

pub use body::{AlertBody, AlertState, test_body};
pub use condition::{Figures, ShutUpstream};
pub use counter::QUIET;
pub use kind::{AlertKind, AlertKinds, AlertPolicy};
pub use message::{AlertMessage, PendingMessage};
pub use record::{AlertNews, Alerts, FiringAlert, SETTLED};
