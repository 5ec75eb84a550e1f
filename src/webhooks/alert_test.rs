//! The result of a test alert, for the operator. The address of the receiver may be a secret, so
//! only its origin is shown.

use crate::time::Millis;
use crate::webhooks::test_event::{NO_CONNECTION, TIMED_OUT, TestOutcome, TestReply};
use serde::Serialize;

/// The result of a test alert.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AlertTest {
    /// Whether the test was made.
    pub success: bool,
    /// Whether the receiver answered with a 2xx.
    pub delivered: bool,
    /// The receiver's HTTP status; absent if it gave no response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    pub duration_ms: Millis,
    /// The origin of the receiver; the rest of its address may be a secret.
    pub url: String,
    /// The receiver's response and what to do about it, in one or two sentences.
    pub detail: String,
}

impl AlertTest {
    /// The outcome of a test of the receiver at `origin`.
    pub fn of(origin: String, outcome: &TestOutcome) -> Self {
        let status = match outcome.reply {
            TestReply::Answered { status, .. } => Some(status),
            TestReply::TimedOut | TestReply::NoConnection => None,
        };
        Self {
            success: true,
            delivered: status.is_some_and(|status| (200..300).contains(&status)),
            status,
            duration_ms: outcome.took,
            url: origin,
            detail: detail(&outcome.reply),
        }
    }
}

fn detail(reply: &TestReply) -> String {
    let status = match reply {
        TestReply::TimedOut => return TIMED_OUT.to_owned(),
        TestReply::NoConnection => return NO_CONNECTION.to_owned(),
        TestReply::Answered { status, .. } => *status,
    };
    match advice(status) {
        Some(advice) => format!("The receiver answered {status}: {advice}."),
        None if (200..300).contains(&status) => {
            format!("The receiver accepted the alert with {status}.")
        }
        None => format!("The receiver answered {status}; its own log says why."),
    }
}

/// What to do about an answer with this status. Slack and Discord answer 401, 403, 404 and 410 for
/// an address that is not complete or was revoked.
fn advice(status: u16) -> Option<&'static str> {
    Some(match status {
        300..=399 => {
            "it redirects, and redirects are never followed: set ALERT_WEBHOOK_URL to the final \
             address"
        }
        401 | 403 => {
            "it refused the request: ALERT_WEBHOOK_URL may be incomplete or revoked, or it checks \
             the signature with another secret than ALERT_WEBHOOK_SECRET"
        }
        404 | 410 => {
            "there is no webhook at this address: it may have been deleted. Make a new one and set \
             ALERT_WEBHOOK_URL"
        }
        405 => "the address does not accept POST: ALERT_WEBHOOK_URL must be a webhook's address",
        429 => "it limits how often it is called: try again later",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{AlertTest, advice};
    use crate::webhooks::test_event::{TestOutcome, TestReply};

    #[test]
    fn no_answer_shows_more_of_an_address_than_its_origin() {
        let reply = TestReply::Answered {
            status: 302,
            content_type: None,
            location: Some("https://hooks.example/services/secret".to_owned()),
        };
        let outcome = TestOutcome { reply, took: 7 };
        let test = AlertTest::of("https://hooks.example".to_owned(), &outcome);
        let shown = serde_json::to_string(&test).expect("JSON");
        assert!(
            shown.contains("ALERT_WEBHOOK_URL") && !shown.contains("secret\""),
            "{shown}"
        );
        assert!(!shown.contains("/services"), "{shown}");
    }

    #[test]
    fn every_refusal_of_slack_and_discord_names_the_setting() {
        for status in [401, 403, 404, 405, 410, 302] {
            assert!(
                advice(status).is_some_and(|advice| advice.contains("ALERT_WEBHOOK_URL")),
                "{status}"
            );
        }
        for status in [200, 204, 400, 500] {
            assert_eq!(advice(status), None, "{status}");
        }
    }
}
