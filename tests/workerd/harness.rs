//! Real processes for the tests: `wrangler dev` on the worker's own `wrangler.toml`, and the fake
//! upstream.
//!
//! `npm test` sets what they need: `node_modules/.bin` on the PATH, `REELAY_ROOT`,
//! `REELAY_PREBUILT` and `FAKE_UPSTREAM_BIN`. Processes run under a leash (see [`processes`]), so
//! none outlives the tests.
//!
//! A test takes one of three worlds. [`shared`] is one worker for all tests that use their own
//! users and prompts; [`exclusive`] is one worker for one test at a time, which may close gates,
//! change the inbox and kill it; [`World::start`] is a worker with settings of its own. [`Setup`]
//! lists everything else that a world can have of its own.

pub(crate) mod api;
pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod bucket;
pub(crate) mod configuration;
pub(crate) mod events;
pub(crate) mod receiver;
pub(crate) mod ticker;
pub(crate) mod times;
pub(crate) mod token;
pub(crate) mod upstream;
pub(crate) mod wires;
pub(crate) mod worker;
pub(crate) mod worlds;

pub(crate) use api::{Answer, Api};
pub(crate) use configuration::Configuration;
pub(crate) use events::Events;
pub(crate) use processes::ready::until;
pub(crate) use processes::{process, ready};
pub(crate) use ticker::Ticker;
pub(crate) use times::{now, told};
pub(crate) use upstream::Upstream;
pub(crate) use wires::{Wire, on_each_wire};
pub(crate) use worker::Worker;
pub(crate) use worlds::{Lent, Setup, World, exclusive, kept, shared, unique};
