//! Pushes: webhooks that Google sends when a job is done, signed according to Standard Webhooks.

mod delivery;
mod event;
mod signing;

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use reqwest::redirect::Policy;
use serde::Serialize;

use crate::lock::locked;

pub(crate) use delivery::{routes, schedule};

use signing::{Signer, StaticSecret};

/// How long a receiver may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One attempt to deliver a push.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Push {
    /// When it was sent, in milliseconds since the epoch.
    at_ms: u64,
    uri: String,
    /// The `webhook-id` header.
    id: String,
    /// Which attempt it is, from 1.
    attempt: u32,
    /// The event's type.
    r#type: String,
    operation: String,
    prompt: String,
    /// The signature's version, `v1` or `v1a`.
    signed: &'static str,
    body: String,
    /// The status of the answer; absent if there was none.
    status: Option<u16>,
    /// Why there was no answer.
    error: Option<String>,
}

/// The sender of pushes, with the attempts that it made.
pub(crate) struct Pushes {
    signer: Signer,
    fixed: Mutex<Option<StaticSecret>>,
    sent: Mutex<Vec<Push>>,
    made: AtomicU64,
    client: reqwest::Client,
}

impl Pushes {
    /// Creates it with an optional address and secret; fails if the secret is invalid.
    pub(crate) fn new(fixed: Option<(String, String)>) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .no_proxy()
            .build();
        let pushes = Self {
            signer: Signer::new()?,
            fixed: Mutex::new(None),
            sent: Mutex::new(Vec::new()),
            made: AtomicU64::new(0),
            client: client.map_err(|error| error.to_string())?,
        };
        if let Some((uri, secret)) = fixed {
            pushes
                .set(&uri, &secret)
                .map_err(|reason| format!("--push-secret: {reason}"))?;
        }
        Ok(pushes)
    }

    /// Sets the address for pushes of requests that name none; an empty one turns them off.
    pub(crate) fn set(&self, uri: &str, secret: &str) -> Result<(), String> {
        *locked(&self.fixed) = if uri.is_empty() {
            None
        } else {
            Some(StaticSecret::new(uri, secret)?)
        };
        Ok(())
    }

    /// Every attempt, in the order in which they ended.
    pub(crate) fn sent(&self) -> Vec<Push> {
        locked(&self.sent).clone()
    }

    /// Deletes the attempts. The address stays.
    pub(crate) fn clear(&self) {
        locked(&self.sent).clear();
    }
}
