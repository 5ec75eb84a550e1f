//! Short stories of the job and the queue: what happens, in its order, and the invariant that it
//! keeps.

#![allow(
    clippy::unnecessary_wraps,
    reason = "a queue's reply is written with the types of its messages"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a story names what it expects and fails on everything else"
)]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod alerts;
#[path = "../support/altered.rs"]
mod altered;
#[path = "../support/answer.rs"]
mod answer;
mod bounds;
mod budget;
mod bulk;
mod bulk_act;
mod cancel;
mod cancel_upstream;
mod catalogue;
mod cost;
mod counts;
mod delays;
mod delete;
mod delivery;
mod finality;
mod follow;
mod front;
mod inputs;
mod job_story;
mod late;
mod life;
mod limits;
mod logs;
mod modes;
mod money;
mod news;
mod not_now;
mod order;
mod pace;
mod pause;
mod pending;
mod polls;
mod queue;
mod queue_story;
mod readers;
mod redelivery;
mod requeue;
#[path = "../support/rows.rs"]
mod rows;
mod steering;
mod storing;
mod turns;
mod upstream_webhooks;
#[path = "../support/order.rs"]
mod usual_order;
mod wake;
mod watched;
mod whole_life;
