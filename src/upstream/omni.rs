//! Gemini Omni over the Interactions API.

mod interaction;
pub mod poll;
pub mod wire;

use crate::clients::file;
use crate::clients::file::Download;
use crate::clients::http::unreadable_told;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use crate::time::Millis;
use crate::upstream::google::key_api::KeyApi;
use crate::upstream::omni::poll::{FilePlace, PollAnswer};
use crate::upstream::provider::{KeyCheck, Provider};
use crate::upstream::render_request::RenderRequest;
use crate::variables::{ConfigErrors, Variables};
use async_trait::async_trait;
use futures::stream;
use std::rc::Rc;

/// The longest answer with only an id or a state, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// The longest interaction that is read, in bytes: it may repeat the order's images or contain the
/// video itself.
const MAX_INTERACTION: usize = 16 * 1024 * 1024;

/// `GEMINI_API_KEY`, `GEMINI_API_URL`.
struct Omni(KeyApi);

/// Opens the provider if its key is set.
pub(crate) fn open(variables: &Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigErrors> {
    let api = KeyApi::open(variables, "GEMINI_API_KEY", "GEMINI_API_URL", "/v1")?;
    Ok(api.map(|api| Rc::new(Omni(api)) as Rc<dyn Provider>))
}

#[async_trait(?Send)]
impl Provider for Omni {
    async fn submit(&self, request: &RenderRequest<'_>) -> Outcome<String> {
        let reply = self
            .0
            .post(
                "interactions",
                Some(wire::submit_body(request)),
                MAX_INTERACTION,
            )
            .await?;
        unreadable_told(&reply, wire::read_submit(&reply))
    }

    async fn poll(&self, operation: &str) -> Outcome<Progress> {
        let reply = self.0.get(&path(operation), MAX_INTERACTION).await?;
        match unreadable_told(&reply, wire::read_poll(&reply, operation))? {
            PollAnswer::Told(progress) => Ok(progress),
            PollAnswer::File { id, cost_micros } => {
                let reply = self.0.get(&format!("files/{id}"), MAX_ANSWER).await?;
                unreadable_told(&reply, wire::read_file(&reply, &id, cost_micros))
            }
        }
    }

    async fn fetch(&self, uri: &str) -> Outcome<Download> {
        match wire::place(uri).ok_or_else(file::unusable_address)? {
            FilePlace::Interaction { id } => self.inline(id).await,
            FilePlace::File { id } => {
                self.0
                    .file(&self.0.address(&format!("files/{id}:download?alt=media")))
                    .await
            }
            FilePlace::Elsewhere { uri } => self.0.file(uri).await,
        }
    }

    async fn cancel(&self, operation: &str) -> Outcome<()> {
        wire::read_cancel(
            &self
                .0
                .post(
                    &format!("interactions/{operation}/cancel"),
                    None,
                    MAX_INTERACTION,
                )
                .await?,
        )
    }

    async fn check_key(&self, within: Millis) -> KeyCheck {
        self.0.check(within).await
    }
}

/// The path of an interaction.
fn path(id: &str) -> String {
    format!("interactions/{id}?stream=false")
}

impl Omni {
    /// Reads a video inside an interaction.
    async fn inline(&self, id: &str) -> Outcome<Download> {
        let reply = self
            .0
            .ask_for_video(&path(id))
            .await?
            .reply(MAX_INTERACTION)
            .await?;
        let bytes = wire::read_inline(&reply);
        let bytes = bytes
            .ok_or_else(|| file::retry("The video service's answer does not contain the video."))?;
        Ok(Download::from_chunks(stream::iter([Ok(bytes)])))
    }
}
