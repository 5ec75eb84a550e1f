//! Alerts on their way out of the queue's object: to the log and to the receiver.

use crate::clock;
use crate::config::Config;
use crate::machine::alerts::{AlertMessage, AlertNews};
use crate::machine::queue::AlertAnswered;
use crate::objects::stub;
use crate::time::rfc3339;
use crate::webhooks::send;
use std::rc::Rc;
use worker::Env;

/// Sends a message once, and reports the answer to the queue. If either is cut off, the message is
/// sent again.
pub(crate) async fn send(env: Env, config: Rc<Config>, message: AlertMessage) {
    let Some(receiver) = &config.alert_receiver else {
        return;
    };
    let AlertMessage { id, body } = message;
    let (url, secrets) = (&receiver.url, &receiver.secrets);
    let receipt = send::send(url, secrets, &id, &body, clock::now()).await;
    if let Err(error) = stub::queue(&env, &AlertAnswered { id, receipt }).await {
        tracing::warn!(reason = %error, "[ALERT] Answer not recorded");
    }
}

/// Logs what became of an alert. A line about the alert itself is a warning, also where none is
/// sent.
pub(crate) fn tell(news: &AlertNews) {
    match news {
        AlertNews::Firing(alert) => {
            tracing::warn!(
                alert = alert.kind.as_str(),
                upstream = alert.upstream.as_deref(),
                since = rfc3339(alert.since),
                "[ALERT] Firing"
            );
        }
        AlertNews::Resolved(alert, lasted) => {
            tracing::warn!(
                alert = alert.kind.as_str(),
                upstream = alert.upstream.as_deref(),
                durationMs = lasted,
                "[ALERT] Resolved"
            );
        }
        AlertNews::Delivered(message) => {
            tracing::info!(
                alert = message.kind.as_str(),
                eventId = message.id,
                tries = message.tries,
                "[ALERT] Delivered"
            );
        }
        AlertNews::Failed(message, status) => {
            tracing::warn!(
                alert = message.kind.as_str(),
                eventId = message.id,
                tries = message.tries,
                status,
                "[ALERT] Attempt failed"
            );
        }
        AlertNews::GivenUp(message) => {
            tracing::error!(
                alert = message.kind.as_str(),
                eventId = message.id,
                tries = message.tries,
                "[ALERT] Given up"
            );
        }
    }
}
