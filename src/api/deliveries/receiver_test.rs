//! A test of the app's receiver.
//!
//! A module of its own, so that no other part of the API sends requests to the app.

use crate::config::Config;
use crate::time::Moment;
use crate::webhooks::send;
use crate::webhooks::test_event::{WebhookTest, compose};

/// Sends one signed test event to the configured receiver, once.
pub async fn test(config: &Config, moment: Moment) -> WebhookTest {
    let (id, body) = compose(moment);
    let outcome = send::test(
        &config.webhook_url,
        &config.webhook_secrets,
        &id,
        &body,
        moment.now,
    )
    .await;
    WebhookTest::of(&config.webhook_url, &outcome)
}
