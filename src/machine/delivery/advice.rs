//! What a receiver's refusal usually means, as advice for the operator.

/// What to do about an attempt that ended with this status; `None` where the status needs no
/// explanation.
///
/// Cloudflare returns 520 to 526 and 530 for an origin that it cannot reach.
pub fn advice(status: u16) -> Option<&'static str> {
    Some(match status {
        300..=399 => {
            "the receiver redirects, and redirects are never followed: set WEBHOOK_URL to the final address"
        }
        401 | 403 => {
            "the receiver refused the request: WEBHOOK_SECRET may differ between the app and the worker, \
             or the route may require a login"
        }
        404 => {
            "there is no route at this path: WEBHOOK_URL must be the full address of the webhook route"
        }
        405 => "the route does not accept POST: WEBHOOK_URL must be the webhook route's address",
        410 => "the receiver rejects this event permanently",
        521 => "the receiver's server refused the connection",
        522 | 524 => "the receiver's server did not answer in time",
        523 => "the receiver's server cannot be reached",
        525 | 526 => {
            "the TLS connection to the receiver failed: its certificate may be invalid or expired"
        }
        530 => "the receiver's host was not found: check the host name in the address",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn every_redirect_names_the_setting_and_no_success_or_crash_has_advice() {
        for status in [300, 301, 302, 303, 307, 308, 399] {
            assert!(
                advice(status).is_some_and(|advice| advice.contains("WEBHOOK_URL")),
                "{status}"
            );
        }
        for status in [200, 204, 299, 400, 429, 500, 503, 527] {
            assert_eq!(advice(status), None, "{status}");
        }
    }
}
