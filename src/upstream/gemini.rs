//! Veo over the Gemini API.

pub mod wire;

use crate::clients::file::Download;
use crate::clients::http::unreadable_told;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use crate::time::Millis;
use crate::upstream::google::key_api::KeyApi;
use crate::upstream::google::poll_answer;
use crate::upstream::provider::{KeyCheck, Provider};
use crate::upstream::render_request::RenderRequest;
use crate::variables::{ConfigErrors, Variables};
use async_trait::async_trait;
use std::rc::Rc;

/// The longest JSON answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// `VEO3_API_KEY`, `VEO3_API_URL`.
struct Gemini(KeyApi);

/// Opens the provider if its key is set.
pub(crate) fn open(variables: &Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigErrors> {
    let api = KeyApi::open(variables, "VEO3_API_KEY", "VEO3_API_URL", "/v1beta")?;
    Ok(api.map(|api| Rc::new(Gemini(api)) as Rc<dyn Provider>))
}

#[async_trait(?Send)]
impl Provider for Gemini {
    async fn submit(&self, request: &RenderRequest<'_>) -> Outcome<String> {
        let path = format!("models/{}:predictLongRunning", request.model);
        let reply = self
            .0
            .post(&path, Some(wire::submit_body(request)), MAX_ANSWER)
            .await?;
        unreadable_told(&reply, wire::read_submit(&reply))
    }

    async fn poll(&self, operation: &str) -> Outcome<Progress> {
        poll_answer::read_poll(self.0.ask(operation).await?, wire::inline_uri(operation)).await
    }

    async fn fetch(&self, uri: &str) -> Outcome<Download> {
        match wire::inline_operation(uri) {
            Some(operation) => poll_answer::inline_video(self.0.ask_for_video(operation).await?),
            None => self.0.file(uri).await,
        }
    }

    async fn check_key(&self, within: Millis) -> KeyCheck {
        self.0.check(within).await
    }
}
