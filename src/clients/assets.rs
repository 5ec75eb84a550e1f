//! Files of the worker's own assets.

use crate::clients::file::{self, Download};
use crate::clients::http::HttpAnswer;
use crate::machine::outcome::{Outcome, Trouble};
use worker::Fetcher;

/// Opens a file by its path, which begins with `/`.
pub(crate) async fn open(assets: &Fetcher, path: &str) -> Outcome<Download> {
    // The binding ignores the host.
    let url = format!("https://assets.invalid{path}");
    let response = assets.fetch(url, None).await;
    let response = response.map_err(|_| Trouble::Unknown)?;
    file::accept(HttpAnswer::from_binding(response))
}
