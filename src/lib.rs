//! Reelay: a durable video generation backend that a team deploys to its own Cloudflare account.
//!
//! [`api`] accepts a request, a [`JobManager`] (one object per generation) makes it durable, the
//! [`QueueManager`] puts it in order, the upstream renders it, R2 stores the video, and a signed
//! webhook notifies the app. No accepted job is lost or stuck, and no render is paid for twice
//! unless a user or an operator chose so.
//!
//! | room | holds |
//! |---|---|
//! | [`time`], [`money`], [`ids`] | units and names that every room uses |
//! | [`machine`] | pure state machines: every decision |
//! | [`models`] | the parameters and price of each model |
//! | [`generation`] | a generation as the API returns it |
//! | [`store`] | the SQL of each object |
//! | [`clients`] | calls to the outside: requests, downloads, R2 |
//! | [`upstream`] | the video services, one folder each |
//! | [`webhooks`] | the webhooks to the app |
//! | [`config`] | the settings, from [`variables`] |
//! | [`objects`] | Durable Object shells: load, step, save, act |
//! | [`dispatch`] | how a job is accepted and started |
//! | [`api`] | routes, tokens, answers, and their description |
//! | [`log`] | structured logs |
//!
//! `ARCHITECTURE.md` lists the invariants and where each is enforced.

pub mod address;
pub mod api;
pub mod clients;
pub mod clock;
pub mod config;
pub mod dispatch;
pub mod generation;
pub mod ids;
pub mod log;
pub mod machine;
pub mod models;
pub mod money;
pub mod objects;
pub mod signed_url;
pub mod store;
pub mod time;
pub mod upstream;
pub mod variables;
pub mod webhooks;

pub use crate::objects::job_manager::JobManager;
pub use crate::objects::queue_manager::QueueManager;

use worker::{
    Context, Env, MessageBatch, Request, Response, Result, ScheduleContext, ScheduledEvent, event,
};

/// Every HTTP request.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    log::start(|| config::log_level(&env));
    Ok(api::handle(request, env, context).await)
}

/// The cron triggers: every minute, and once a day.
#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    log::start(|| config::log_level(&env));
    dispatch::tick(&env, &event.cron()).await;
}

/// A batch of the platform's queue, or of its dead-letter queue. Never fails: an `Err` here would
/// be a panic.
#[event(queue)]
async fn queue(batch: MessageBatch<serde_json::Value>, env: Env, _context: Context) -> Result<()> {
    log::start(|| config::log_level(&env));
    dispatch::consume(&env, batch).await;
    Ok(())
}
