//! The rate limit of each user's requests, counted by the platform's rate limiter.

use crate::api::problem::Problem;
use worker::Env;

/// The binding of the limiter.
const BINDING: &str = "REQUESTS";
/// The period of the limit in seconds, as in `wrangler.toml`.
const PERIOD: u32 = 10;

/// Refuses a request if the user sends too many. The user is the authenticated one, or the one the
/// app's own server acts for. If the limiter is missing or does not answer, the request passes.
pub(crate) async fn requests(env: &Env, user: &str) -> Result<(), Problem> {
    let Ok(limiter) = env.rate_limiter(BINDING) else {
        return Ok(());
    };
    match limiter.limit(user.to_owned()).await {
        Ok(outcome) if !outcome.success => Err(Problem::too_many_requests(PERIOD)),
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::error!(reason = %error, "[API] Rate limiter did not answer");
            Ok(())
        }
    }
}
