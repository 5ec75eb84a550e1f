//! SQL of each object: schema, append-only migrations, load and save. No decisions.
//!
//! The statements run on [`Sql`], which a Durable Object's storage implements, and in tests a plain SQLite.

pub mod catalogue;
pub mod cursor;
mod deliveries;
pub mod job;
pub mod queue;
mod queue_row;
mod schema;
pub mod sql;

pub use sql::{Sql, SqlValue};
