//! One request, as a handler receives it.

use crate::clock;
use crate::config::Config;
use crate::time::{Millis, SECOND};
use std::rc::Rc;
use url::Url;
use worker::{Context, Env, Request};

pub(crate) struct Call {
    pub(crate) request: Request,
    pub(crate) env: Env,
    pub(crate) context: Context,
    pub(crate) config: Rc<Config>,
    pub(crate) now: Millis,
    /// The id in the path; empty if the route has none.
    pub(crate) id: String,
    /// An operator who acts for another user, and that user.
    pub(crate) acting: Option<(String, String)>,
    url: Url,
}

impl Call {
    pub(crate) fn new(
        request: Request,
        url: Url,
        id: String,
        env: Env,
        context: Context,
        config: Rc<Config>,
    ) -> Self {
        Self {
            request,
            env,
            context,
            config,
            now: clock::now(),
            id,
            acting: None,
            url,
        }
    }

    pub(crate) fn method(&self) -> String {
        self.request.inner().method()
    }

    pub(crate) fn path(&self) -> &str {
        self.url.path()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
    }

    /// The first query parameter with that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.url
            .query_pairs()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(crate) fn now_seconds(&self) -> u64 {
        self.now / SECOND
    }

    /// The address under which the caller reaches this worker, without a final slash.
    pub(crate) fn public_url(&self) -> String {
        self.config
            .public_url
            .clone()
            .unwrap_or_else(|| self.url.origin().ascii_serialization())
    }
}
