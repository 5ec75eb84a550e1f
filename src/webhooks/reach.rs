//! Whether the app answers at the address of its webhook route, without an event.

use crate::clients::http::HttpCall;
use crate::time::Millis;
use url::Url;
use worker::Method;

/// The status with which the app answers a GET; `None` if it does not answer in time. The address
/// may contain a secret, so it goes to the app only.
pub async fn status(receiver: &Url, within: Millis) -> Option<u16> {
    let call = HttpCall {
        method: Method::Get,
        url: receiver.as_str(),
        headers: &[("user-agent", "Reelay")],
        body: None,
        headers_within: within,
        all_within: within,
    };
    let answer = call.send().await.ok()?;
    let status = answer.status();
    answer.discard();
    Some(status)
}
