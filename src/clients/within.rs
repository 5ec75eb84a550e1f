//! A time limit for any call.

use futures::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use worker::Delay;

/// The result of `work`; `None` if it takes longer than `time`. The work is then dropped, not
/// undone.
pub(crate) async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(Delay::from(time))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}
