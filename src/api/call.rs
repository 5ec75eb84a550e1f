//! One request on its way through a handler.

use crate::api::auth;
use crate::api::auth::{Caller, USER_HEADER, USER_PARAMETER};
use crate::api::limit;
use crate::api::problem::Problem;
use crate::api::unanswered::silent;
use crate::clock;
use crate::config::Config;
use crate::ids::JobKey;
use crate::ids::is_generation_id;
use crate::log;
use crate::objects::messages::Owners;
use crate::objects::stub;
use crate::time::{Millis, SECOND};
use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use url::Url;
use worker::{Context, Env, Request};

pub(crate) struct Call {
    pub(crate) request: Request,
    pub(crate) env: Env,
    pub(crate) context: Context,
    pub(crate) config: Rc<Config>,
    pub(crate) now: Millis,
    url: Url,
    /// The operator who acts for a user, and that user.
    acting: OnceCell<(String, String)>,
    /// Whether the request was counted against a user's limit.
    is_counted: Cell<bool>,
}

impl Call {
    pub(crate) fn new(request: Request, url: Url, env: Env, context: Context, config: Rc<Config>) -> Self {
        Self {
            request,
            env,
            context,
            config,
            now: clock::now(),
            url,
            acting: OnceCell::new(),
            is_counted: Cell::new(false),
        }
    }

    pub(crate) fn method(&self) -> String {
        self.request.inner().method()
    }

    pub(crate) fn path(&self) -> &str {
        self.url.path()
    }

    /// The operator who acts for another user in this request, and that user.
    pub(crate) fn acting(&self) -> Option<(&str, &str)> {
        self.acting.get().map(|(operator, user)| (operator.as_str(), user.as_str()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
    }

    /// The first query parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn now_seconds(&self) -> u64 {
        self.now / SECOND
    }

    /// Under which address the caller reaches this worker, without a final slash.
    pub(crate) fn public_url(&self) -> String {
        self.config.public_url.clone().unwrap_or_else(|| self.url.origin().ascii_serialization())
    }

    pub(crate) fn caller(&self) -> Result<Caller, Problem> {
        let authorization = self.header("Authorization");
        if auth::is_misplaced(authorization.as_deref(), &self.config) {
            tracing::warn!("[API] Development token refused: ENVIRONMENT is not development");
        }
        auth::authenticate(authorization.as_deref(), &self.config, self.now_seconds())
    }

    /// A caller of what is the same for everyone; a user's requests count.
    pub(crate) async fn anyone(&self) -> Result<Caller, Problem> {
        let caller = self.caller()?;
        if let Caller::User { id, admin: false } = &caller {
            log::user(id);
            self.count(id).await?;
        }
        Ok(caller)
    }

    /// A caller who sends a body, counted before it is read where the user is known without it.
    pub(crate) async fn sender(&self) -> Result<Caller, Problem> {
        let caller = self.caller()?;
        if !caller.is_operator()
            && let Some(user) = caller.known_for(self.named(&caller)?.as_deref())?
        {
            log::user(&user);
            self.count(&user).await?;
        }
        Ok(caller)
    }

    /// A caller to whom the operator routes are open.
    pub(crate) fn operator(&self) -> Result<Caller, Problem> {
        let caller = self.caller()?;
        if caller.is_operator() { Ok(caller) } else { Err(Problem::operators_only()) }
    }

    /// The user that the request names outside its body: in `X-User-Id`, in the query's `userId`, or in both alike.
    fn named(&self, caller: &Caller) -> Result<Option<String>, Problem> {
        let parameters = [USER_PARAMETER, "user_id"].map(|name| self.parameter(name));
        auth::named(caller, self.header(USER_HEADER), parameters)
    }

    /// The user a request acts for; `body` is the body's `userId`.
    pub(crate) async fn acts_for(&self, caller: &Caller, body: Option<&str>) -> Result<String, Problem> {
        let user = caller.acting_for(self.named(caller)?.as_deref(), body)?;
        self.take_part(caller, &user).await?;
        Ok(user)
    }

    /// Counts the request of a user. Remembers an operator who acts for another user: what they do is not on that user's
    /// account.
    async fn take_part(&self, caller: &Caller, user: &str) -> Result<(), Problem> {
        log::user(user);
        if !caller.is_operator() {
            return self.count(user).await;
        }
        if !caller.is_user(user) {
            self.acting.get_or_init(|| (caller.name().to_owned(), user.to_owned()));
        }
        Ok(())
    }

    /// Counts the request, once.
    async fn count(&self, user: &str) -> Result<(), Problem> {
        if self.is_counted.replace(true) { Ok(()) } else { limit::requests(&self.env, user).await }
    }

    /// The user a request without a body acts for.
    pub(crate) async fn user(&self) -> Result<String, Problem> {
        self.acts_for(&self.caller()?, None).await
    }

    /// The generation of that id which the caller may act on: a user's own, or that of the user a key or an admin names.
    /// Where they name nobody, the id's only owner is meant. An id that cannot be one is simply missing.
    pub(crate) async fn key(&self, id: &str) -> Result<JobKey, Problem> {
        let caller = self.caller()?;
        let named = self.named(&caller)?;
        let known = caller.known_for(named.as_deref())?;
        if !is_generation_id(id) {
            return Err(Problem::no_generation());
        }
        let user = match known {
            Some(user) => user,
            None => self.owner(&caller, id).await?,
        };
        self.take_part(&caller, &user).await?;
        let key = JobKey::new(user, id);
        log::generation(&key);
        Ok(key)
    }

    /// The only owner of an id, as the queue knows it. Admins have their own generation before anyone else's.
    async fn owner(&self, caller: &Caller, id: &str) -> Result<String, Problem> {
        let message = Owners { generation_id: id.to_owned() };
        let mut user_ids = stub::queue(&self.env, &message).await.map_err(|error| silent(&error))?;
        if let Some(own) = caller.user_id()
            && (user_ids.is_empty() || user_ids.iter().any(|user| user == own))
        {
            return Ok(own.to_owned());
        }
        match (user_ids.pop(), user_ids.is_empty()) {
            (Some(user), true) => Ok(user),
            (Some(_), false) => Err(Problem::ambiguous_generation()),
            (None, _) => Err(Problem::no_known_generation()),
        }
    }
}
