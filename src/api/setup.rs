//! The checklist of a first run: the optional keys, the app, the bucket, each video service, the
//! limits in force and the last webhook.

pub mod check;
#[cfg(not(target_arch = "wasm32"))]
pub mod operations;

use crate::api::access::Operator;
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::setup::check::{LAST_WEBHOOK, LIMITS, SetupCheck, Storage};
use crate::api::videos::file::BUCKET;
use crate::clients::within::within;
use crate::objects::messages::{GetOverrides, ListDeliveries};
use crate::objects::stub;
use crate::time::{Millis, SECOND};
use crate::upstream::provider::KeyCheck;
use crate::webhooks::reach;
use futures::future::{LocalBoxFuture, join_all};
use std::time::Duration;

/// The time limit of each check.
const LIMIT: Millis = 5 * SECOND;
const LIMIT_TIME: Duration = Duration::from_millis(LIMIT);
/// A key that the bucket need not have.
const ANY_KEY: &str = "setup-check";

/// `GET /api/setup`: makes every check now, all at the same time.
pub(crate) async fn show(call: &Call, _: Operator) -> Result<Answer, Problem> {
    let mut calls: Vec<LocalBoxFuture<'_, SetupCheck>> =
        vec![Box::pin(app(call)), Box::pin(bucket(call))];
    for provider in call.config.providers.names() {
        calls.push(Box::pin(key(call, provider)));
    }
    calls.push(Box::pin(limits(call)));
    calls.push(Box::pin(last_webhook(call)));
    let mut checks = check::keys(&call.config).to_vec();
    checks.extend(join_all(calls).await);
    Answer::success("checks", &checks)
}

async fn app(call: &Call) -> SetupCheck {
    let config = &call.config;
    let status = reach::status(&config.webhook_url, LIMIT).await;
    let (receiver, setting) = (&config.webhook_url, config.webhook_setting);
    check::app(receiver, setting, status, config.environment)
}

async fn bucket(call: &Call) -> SetupCheck {
    let Ok(bucket) = call.env.bucket(BUCKET) else {
        return check::bucket(Storage::NotBound);
    };
    match within(LIMIT_TIME, bucket.head(ANY_KEY)).await {
        Some(Ok(_)) => check::bucket(Storage::Answers),
        Some(Err(_)) | None => check::bucket(Storage::Silent),
    }
}

async fn key(call: &Call, provider: &'static str) -> SetupCheck {
    let tried = match call.config.providers.find(provider) {
        Some(opened) => within(LIMIT_TIME, opened.check_key(LIMIT)).await,
        None => None,
    };
    let tried = tried.unwrap_or_else(KeyCheck::unanswered);
    check::key(provider, tried, call.config.environment)
}

async fn limits(call: &Call) -> SetupCheck {
    match within(LIMIT_TIME, stub::queue(&call.env, &GetOverrides)).await {
        Some(Ok(overrides)) => check::limits(&call.config, &overrides),
        Some(Err(_)) | None => check::silent_queue(LIMITS),
    }
}

async fn last_webhook(call: &Call) -> SetupCheck {
    let newest = ListDeliveries {
        state: None,
        limit: 1,
        after: None,
    };
    let page = within(LIMIT_TIME, stub::queue(&call.env, &newest)).await;
    match page {
        Some(Ok(Ok(page))) => check::last_webhook(page.deliveries.first()),
        Some(Ok(Err(_)) | Err(_)) | None => check::silent_queue(LAST_WEBHOOK),
    }
}
