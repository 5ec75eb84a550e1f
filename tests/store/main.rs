//! The SQL of each object on a real SQLite, compared with its intended meaning.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "../support/altered.rs"]
mod altered;
#[path = "../support/answer.rs"]
#[allow(dead_code, reason = "these lives get no answer from the queue")]
mod answer;
mod catalogue;
mod differential;
mod job_record;
mod line;
mod lists;
mod lives;
mod memory;
mod metrics;
mod migrations;
mod model;
mod plans;
mod put;
#[path = "../support/rows.rs"]
mod rows;
mod sqlite;
#[path = "../support/order.rs"]
mod usual_order;
mod writes;
