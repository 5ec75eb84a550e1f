//! A job's calls to its provider, with the files they need from R2.

use crate::clients::r2;
use crate::clients::sentence::without_prompt;
use crate::config::Config;
use crate::machine::job::{InputImage, Job, Progress, Video};
use crate::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use crate::upstream::provider::Provider;
use crate::upstream::render_request::{Image, RenderRequest, WebhookTarget};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use worker::{Bucket, Env};

/// One job's connection to its provider.
pub(crate) struct Upstream<'a> {
    pub(crate) env: &'a Env,
    pub(crate) config: &'a Config,
    pub(crate) job: &'a Job,
}

impl Upstream<'_> {
    /// Pays for the render. An error before the call is made proves that nothing was bought.
    pub(crate) async fn submit(&self) -> Outcome<String> {
        let (order, terms) = (&self.job.order, &self.job.terms);
        let provider = self.provider().map_err(Trouble::Refused)?;
        let images = self.images(&order.images).await;
        let images = images.map_err(|trouble| {
            trouble.before_the_call(Failure::storage("An image could not be read."))
        })?;
        let webhook = self.webhook();
        let request = RenderRequest {
            model: &terms.model,
            prompt: &order.prompt,
            options: &order.render,
            images: &images,
            webhook: webhook.as_ref(),
        };
        self.without_prompt(provider.submit(&request).await)
    }

    pub(crate) async fn poll(&self, operation: &str) -> Outcome<Progress> {
        let provider = self.provider().map_err(Trouble::retry)?;
        self.without_prompt(provider.poll(operation).await)
    }

    /// Asks the provider to cancel a render that nobody waits for.
    pub(crate) async fn cancel_upstream(&self, operation: &str) -> Outcome<()> {
        self.provider()
            .map_err(Trouble::Refused)?
            .cancel(operation)
            .await
    }

    /// Streams the video into R2.
    pub(crate) async fn store(&self, attempt: u32, uri: &str) -> Outcome<Video> {
        let provider = self.provider().map_err(Trouble::retry)?;
        let bucket = self.bucket()?;
        let job = self.job;
        let label = r2::Label {
            key: job.key.video_key(attempt),
            generation_id: &job.key.generation_id,
            user_id: &job.key.user_id,
            model: &job.terms.model,
            attempt,
        };
        r2::store(
            &bucket,
            &label,
            provider.fetch(uri).await?,
            self.config.download_idle,
        )
        .await
    }

    /// Removes the prompt from an upstream's error messages, which may quote it.
    fn without_prompt<T>(&self, outcome: Outcome<T>) -> Outcome<T> {
        let prompt = &self.job.order.prompt;
        let plain = |failure: Failure| Failure {
            message: without_prompt(&failure.message, prompt),
            ..failure
        };
        outcome.map_err(|trouble| trouble.map_failure(plain))
    }

    /// The webhook by which the upstream reports that the render is done.
    fn webhook(&self) -> Option<WebhookTarget> {
        let settings = self.config.upstream_webhooks.as_ref()?;
        let public_url = self
            .config
            .public_url
            .as_deref()
            .unwrap_or(&self.job.origin.public_url);
        let key = &self.job.key;
        settings.may_ask(public_url).then(|| WebhookTarget {
            uri: settings.uri(public_url),
            user_id: key.user_id.clone(),
            generation_id: key.generation_id.clone(),
        })
    }

    fn provider(&self) -> Result<&dyn Provider, Failure> {
        let name = &self.job.terms.provider;
        self.config.providers.find(name).ok_or_else(|| {
            let sentence = format!("The provider {name} is no longer configured.");
            Failure::new(ErrorCode::ProviderUnavailable, sentence)
        })
    }

    fn bucket(&self) -> Outcome<Bucket> {
        let missing = |_| Trouble::retry(Failure::storage("The video storage is not configured."));
        self.env.bucket("VIDEOS").map_err(missing)
    }

    async fn images(&self, stored: &[InputImage]) -> Outcome<Vec<Image>> {
        let mut images = Vec::new();
        if stored.is_empty() {
            return Ok(images);
        }
        let bucket = self.bucket()?;
        for image in stored {
            images.push(Image {
                role: image.role,
                mime_type: image.mime_type.clone(),
                base64: STANDARD.encode(r2::read(&bucket, &image.key).await?),
            });
        }
        Ok(images)
    }
}
