//! Promises of the HTTP front, tested on its pure parts: which requests are refused and why, who
//! may act for whom, which bytes of a file are sent. `tests/workerd` tests the same promises on a
//! real worker.

mod alerts;
#[path = "../support/altered.rs"]
mod altered;
mod bad_input;
mod bulks;
mod clarifications;
mod costs;
mod demo;
mod description;
mod documentation;
mod event_ids;
mod fingerprints;
mod idempotency;
mod images;
mod inline_video;
mod jwt;
mod lenient_input;
mod lists;
mod metrics;
mod model_rules;
mod order_fields;
mod problems;
mod ranges;
mod receivers;
mod requests;
mod routes;
mod schedules;
mod settings;
mod setup;
mod signed_urls;
mod steering;
mod tokens;
mod toy_provider;
mod upstream_webhooks;
mod variables;
mod vertex_settings;
mod video_file;
