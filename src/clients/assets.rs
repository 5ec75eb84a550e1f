//! Files of the worker's own assets.

use crate::clients::file::{self, Download};
use crate::clients::http::HttpAnswer;
use crate::clients::within::within;
use crate::machine::outcome::{Outcome, Trouble};
use std::time::Duration;
use worker::Fetcher;

/// Opens a file by its path, which begins with `/`.
pub(crate) async fn open(assets: &Fetcher, path: &str) -> Outcome<Download> {
    // The binding ignores the host.
    let url = format!("https://assets.invalid{path}");
    let limit = Duration::from_millis(file::HEADERS_TIMEOUT);
    let response = within(limit, assets.fetch(url, None)).await;
    let response = response.ok_or_else(|| file::retry("The worker's own files did not answer."))?;
    let response = response.map_err(|_| Trouble::Unknown)?;
    file::accept(HttpAnswer::from_binding(response))
}
