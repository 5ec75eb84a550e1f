//! One request on its way through a handler.

use super::auth::{self, Caller, USER_HEADER};
use super::limit;
use crate::clock;
use crate::config::Config;
use crate::log;
use crate::machine::{JobKey, Millis, SECOND};
use crate::wire::api::{Problem, is_generation_id};
use std::cell::OnceCell;
use std::rc::Rc;
use url::Url;
use worker::{Context, Env, Request};

pub(super) struct Call {
    pub(super) request: Request,
    pub(super) env: Env,
    pub(super) context: Context,
    pub(super) config: Rc<Config>,
    pub(super) now: Millis,
    url: Url,
    /// The operator who acts for a user, and that user.
    acting: OnceCell<(String, String)>,
}

impl Call {
    pub(super) fn new(request: Request, url: Url, env: Env, context: Context, config: Rc<Config>) -> Self {
        Self { request, env, context, config, now: clock::now(), url, acting: OnceCell::new() }
    }

    pub(super) fn method(&self) -> String {
        self.request.inner().method()
    }

    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    /// The operator who acts for another user in this request, and that user.
    pub(super) fn acting(&self) -> Option<(&str, &str)> {
        self.acting.get().map(|(operator, user)| (operator.as_str(), user.as_str()))
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
    }

    /// The first query parameter of that name.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    pub(super) fn now_seconds(&self) -> u64 {
        self.now / SECOND
    }

    /// Under which address the caller reaches this worker, without a final slash.
    pub(super) fn public_url(&self) -> String {
        self.config.public_url.clone().unwrap_or_else(|| self.url.origin().ascii_serialization())
    }

    pub(super) fn caller(&self) -> Result<Caller, Problem> {
        auth::authenticate(self.header("Authorization").as_deref(), &self.config, self.now_seconds())
    }

    /// A caller of what is the same for everyone; a user's requests count.
    pub(super) async fn anyone(&self) -> Result<Caller, Problem> {
        let caller = self.caller()?;
        if let Caller::User { id, admin: false } = &caller {
            log::user(id);
            limit::requests(self, id).await?;
        }
        Ok(caller)
    }

    /// A caller to whom the operator routes are open.
    pub(super) fn operator(&self) -> Result<Caller, Problem> {
        let caller = self.caller()?;
        if caller.is_operator() { Ok(caller) } else { Err(Problem::operators_only()) }
    }

    /// The user a request acts for; `named` is the body's `userId`. Remembers an operator who acts for another user:
    /// what they do is not on that user's account.
    pub(super) async fn acts_for(&self, caller: &Caller, named: Option<&str>) -> Result<String, Problem> {
        let user = caller.acting_for(self.header(USER_HEADER).as_deref(), named)?;
        log::user(&user);
        if caller.is_operator() {
            if !caller.is_user(&user) {
                self.acting.get_or_init(|| (caller.name().to_owned(), user.clone()));
            }
        } else {
            limit::requests(self, &user).await?;
        }
        Ok(user)
    }

    /// The user a request without a body acts for.
    pub(super) async fn user(&self) -> Result<String, Problem> {
        self.acts_for(&self.caller()?, None).await
    }

    /// The caller's own generation of that id. An id that cannot be one is simply missing.
    pub(super) async fn key(&self, id: &str) -> Result<JobKey, Problem> {
        let user = self.user().await?;
        if !is_generation_id(id) {
            return Err(Problem::no_generation());
        }
        let key = JobKey::new(user, id);
        log::generation(&key);
        Ok(key)
    }
}
