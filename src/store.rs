//! The SQL of each object: schema, append-only migrations, load and save. It makes no decisions.
//!
//! The statements run on [`Sql`], which a Durable Object's storage implements; tests use plain
//! SQLite.

pub mod alerts;
pub mod bulk;
pub mod catalogue;
pub mod cursor;
pub mod deliveries;
pub mod job;
pub mod metrics;
pub mod queue;
pub mod queue_row;
pub mod queue_tables;
pub mod record;
pub mod schema;
pub mod sql;
pub mod stats;

pub use crate::store::sql::{Sql, SqlValue};
