//! What the fake promises to its users, tested with the real binary.

mod adoption;
mod answer_time;
mod control;
mod downloads;
mod fake;
mod google_wire;
mod http;
mod inbox;
mod lifecycle;
mod omni;
mod polls;
mod process;
mod pushes;
mod scale;
mod submits;
mod tokens;
mod vertex;
mod wires;
