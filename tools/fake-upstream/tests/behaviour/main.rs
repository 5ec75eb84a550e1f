//! What the fake promises to those who test against it, asked of the real binary.

mod adoption;
mod control;
mod downloads;
mod fake;
mod google_wire;
mod http;
mod inbox;
mod lifecycle;
mod polls;
mod process;
mod submits;
