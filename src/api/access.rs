//! Who may call a route. The table of routes gives each route one kind of access. This module
//! checks it before the handler runs; the API description derives the security of the route from
//! it.

use crate::api::answer::Answer;
use crate::api::auth;
use crate::api::auth::{Caller, USER_HEADER, USER_PARAMETER};
use crate::api::call::Call;
use crate::api::limit;
use crate::api::problem::Problem;
use crate::api::unanswered::silent;
use crate::api::upstream_webhook;
use crate::api::upstream_webhook::SignedEvent;
use crate::ids::{JobKey, is_generation_id};
use crate::log;
use crate::objects::messages::Owners;
use crate::objects::stub;
use futures::future::LocalBoxFuture;

/// A handler. Its first argument is what the access check found.
type Handler<T> = for<'a> fn(T, &'a mut Call) -> LocalBoxFuture<'a, Result<Answer, Problem>>;

/// Who may call a route, and its handler.
pub(crate) enum Access {
    /// Everyone, without a token.
    Open(Handler<()>),
    /// Anyone with a valid token.
    Anyone(Handler<Caller>),
    /// A user, or a caller who acts for one. The handler receives the user's id.
    User(Handler<String>),
    /// As `User`, but the body may name the user.
    Sender(Handler<Sender>),
    /// The owner of the generation, or a caller who acts for the owner.
    Owner(Handler<JobKey>),
    /// As `Owner`, or anyone with a signed URL.
    OwnerOrAddress(Handler<JobKey>),
    Operator(Handler<Operator>),
    /// A caller who signs the body.
    Signed(Handler<SignedEvent>),
}

impl Access {
    /// Checks the caller, then runs the handler.
    pub(crate) async fn answer(&self, call: &mut Call) -> Result<Answer, Problem> {
        match self {
            Self::Open(handler) => handler((), call).await,
            Self::Anyone(handler) => handler(anyone(call).await?, call).await,
            Self::User(handler) => {
                handler(sender(call).await?.acts_for(call, None).await?, call).await
            }
            Self::Sender(handler) => handler(sender(call).await?, call).await,
            Self::Owner(handler) => handler(owned(call).await?, call).await,
            Self::OwnerOrAddress(handler) => handler(owned_or_addressed(call).await?, call).await,
            Self::Operator(handler) => handler(operator(call)?, call).await,
            Self::Signed(handler) => handler(upstream_webhook::signed(call).await?, call).await,
        }
    }
}

/// An operator, with the name that audit lines show.
pub(crate) struct Operator(String);

impl Operator {
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

/// A caller who may act for a user, and may name that user in the body.
pub(crate) struct Sender {
    caller: Caller,
    /// Whether the request was already counted against a user's rate limit.
    is_counted: bool,
}

impl Sender {
    /// The highest priority that the caller may order.
    pub(crate) fn max_priority(&self, call: &Call) -> u8 {
        self.caller.max_priority(call.config.max_user_priority)
    }

    /// The user the request acts for; `body` is the body's `userId`.
    pub(crate) async fn acts_for(
        self,
        call: &mut Call,
        body: Option<&str>,
    ) -> Result<String, Problem> {
        let user = self
            .caller
            .acting_for(named(call, &self.caller)?.as_deref(), body)?;
        if !self.is_counted {
            take_part(call, &self.caller, &user).await?;
        }
        Ok(user)
    }
}

/// Any valid caller. A user's request is counted against the rate limit.
async fn anyone(call: &Call) -> Result<Caller, Problem> {
    let caller = authenticate(call)?;
    if let Caller::User {
        id, admin: false, ..
    } = &caller
    {
        count(call, id).await?;
    }
    Ok(caller)
}

/// A caller who may act for a user. If the user is known without the body, the request is counted
/// before the body is read.
async fn sender(call: &Call) -> Result<Sender, Problem> {
    let caller = authenticate(call)?;
    let mut is_counted = false;
    if !caller.is_operator()
        && let Some(user) = caller.known_for(named(call, &caller)?.as_deref())?
    {
        count(call, &user).await?;
        is_counted = true;
    }
    Ok(Sender { caller, is_counted })
}

/// The generation with the path's id: a user's own, or that of the user whom a key or an admin
/// names. If they name no user, it is the only owner of the id. A malformed id is answered like a
/// missing one.
async fn owned(call: &mut Call) -> Result<JobKey, Problem> {
    let caller = authenticate(call)?;
    let known = caller.known_for(named(call, &caller)?.as_deref())?;
    if !is_generation_id(&call.id) {
        return Err(Problem::no_generation());
    }
    let user = match known {
        Some(user) => user,
        None => owner(call, &caller).await?,
    };
    take_part(call, &caller, &user).await?;
    let key = JobKey::new(user, &call.id);
    log::generation(&key);
    Ok(key)
}

/// Accepts a valid signed URL, whatever token the request also has; otherwise requires the owner's
/// token.
async fn owned_or_addressed(call: &mut Call) -> Result<JobKey, Problem> {
    let Some(signature) = call.parameter("signature") else {
        return owned(call).await;
    };
    let user = call.parameter("user").unwrap_or_default();
    let expires = call.parameter("expires").unwrap_or_default();
    let (signer, id) = (&call.config.url_signer, &call.id);
    if is_generation_id(id) && signer.verify(&user, id, &expires, &signature, call.now_seconds()) {
        let key = JobKey::new(user, id);
        log::generation(&key);
        return Ok(key);
    }
    if authenticate(call).is_ok() {
        return owned(call).await;
    }
    Err(auth::refused(
        &call.config,
        "The signed URL is not valid or has expired; request a new one.",
    ))
}

fn operator(call: &Call) -> Result<Operator, Problem> {
    let caller = authenticate(call)?;
    if caller.is_operator() {
        Ok(Operator(caller.name().to_owned()))
    } else {
        Err(Problem::operators_only())
    }
}

fn authenticate(call: &Call) -> Result<Caller, Problem> {
    let authorization = call.header("Authorization");
    if auth::is_misplaced(authorization.as_deref(), &call.config) {
        tracing::warn!("[API] Development token refused: ENVIRONMENT is not development");
    }
    auth::authenticate(authorization.as_deref(), &call.config, call.now_seconds())
}

/// The user whom the request names outside its body: in `X-User-Id`, in the query's `userId`, or in
/// both with the same value.
fn named(call: &Call, caller: &Caller) -> Result<Option<String>, Problem> {
    let parameters = [USER_PARAMETER, "user_id"].map(|name| call.parameter(name));
    auth::named(caller, call.header(USER_HEADER), parameters)
}

/// The only owner of the path's id, according to the queue. An admin's own generation takes
/// precedence.
async fn owner(call: &Call, caller: &Caller) -> Result<String, Problem> {
    let message = Owners {
        generation_id: call.id.clone(),
    };
    let mut user_ids = stub::queue(&call.env, &message)
        .await
        .map_err(|error| silent(&error))?;
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

/// Counts a request against the user's rate limit. An operator's request is not counted; if it acts
/// for another user, the operator is recorded for the audit log.
async fn take_part(call: &mut Call, caller: &Caller, user: &str) -> Result<(), Problem> {
    if !caller.is_operator() {
        return count(call, user).await;
    }
    log::user(user);
    if !caller.is_user(user) {
        call.acting = Some((caller.name().to_owned(), user.to_owned()));
    }
    Ok(())
}

async fn count(call: &Call, user: &str) -> Result<(), Problem> {
    log::user(user);
    limit::requests(&call.env, user).await
}
