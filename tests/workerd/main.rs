//! The proof on real workerd: real processes, a real state on disk, no double of the platform.
//!
//! Run by `npm test`. The numbers I1 to I12 are the invariants of ARCHITECTURE.md.

mod bad_input;
mod cancelled;
mod changes;
mod faults;
mod harness;
mod killed;
mod kills;
mod large_body;
mod large_video;
mod later;
mod limits;
mod modes;
mod order;
mod own_worlds;
mod queues;
mod repeats;
mod secrets;
mod settings;
mod stored;
mod strangers;
mod upgraded;
mod webhooks;
mod whole_way;
