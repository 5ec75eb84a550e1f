//! The texts rendered from a job: its snapshot for lists, and the bodies of its webhook events.

use crate::config::Config;
use crate::generation::Generation;
use crate::machine::delivery::{Delivery, EventKind};
use crate::machine::job::{Job, Rules, Texts};
use crate::time::{Millis, SECOND};
use crate::webhooks::event;

impl Config {
    /// What a job's steps depend on.
    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules {
            policy: &self.job,
            texts: self,
        }
    }
}

impl Texts for Config {
    fn snapshot(&self, job: &Job, now: Millis) -> String {
        serde_json::to_string(&Generation::of(job, now)).unwrap_or_default()
    }

    fn event(&self, job: &Job, delivery: &Delivery) -> String {
        let expires_at = delivery.created_at / SECOND + self.webhook_video_url_ttl;
        let completed = delivery.kind == EventKind::Completed;
        let url = completed.then(|| {
            self.url_signer
                .sign(&job.origin.public_url, &job.key, expires_at)
        });
        event::compose(job, delivery, url)
    }
}
