//! The proof on real workerd: real processes, a real state on disk, no double of the platform.
//!
//! Run by `npm test`. The numbers I1 to I12 are the invariants of ARCHITECTURE.md.

mod ai_sdk;
mod bad_input;
mod cancelled;
mod changes;
mod client;
mod client_types;
mod costs;
mod dashboard;
mod described;
mod description;
mod events;
mod events_of_many;
mod example;
mod faults;
mod files;
mod harness;
mod images;
mod killed;
mod kills;
mod large_body;
mod large_video;
mod later;
mod limits;
mod logs;
mod metrics;
mod modes;
mod omni;
mod operators;
mod order;
mod own_worlds;
mod pushes;
mod queues;
mod repeats;
mod sdk;
mod secrets;
mod settings;
mod stored;
mod strangers;
mod upgraded;
mod vertex;
mod webhooks;
mod whole_way;
