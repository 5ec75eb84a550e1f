//! Load: `count` requests, `at_once` of them at a time; or requests at a fixed rate.

use crate::clock;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::time::Duration;
use tokio::time::interval;

/// The results of a load.
pub(crate) struct Load {
    /// How long each request took, in milliseconds.
    pub(crate) took: Vec<f64>,
    /// Requests a second.
    pub(crate) throughput: f64,
}

/// Sends `count` requests; the next one as soon as fewer than `at_once` are in progress.
pub(crate) async fn load<F: Future<Output = ()>>(
    count: usize,
    at_once: usize,
    send: impl Fn(usize) -> F,
) -> Load {
    let timed = (0..count).map(|index| {
        let answer = send(index);
        async move {
            let began = clock::now();
            answer.await;
            clock::since(began)
        }
    });
    let began = clock::now();
    let took: Vec<f64> = futures::stream::iter(timed)
        .buffer_unordered(at_once)
        .collect()
        .await;
    Load {
        took,
        throughput: count as f64 / began.elapsed().as_secs_f64(),
    }
}

/// How many requests there are in `seconds` at this rate.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
pub(crate) fn count(rate: f64, seconds: f64) -> usize {
    (rate * seconds).round() as usize
}

/// Sends `count` requests, `rate` of them a second, whether or not the earlier ones are answered;
/// but while `at_most` are unanswered it waits. Returns how long each request took from the moment
/// at which it was due, in milliseconds, so that waiting is not left out.
pub(crate) async fn paced<F: Future<Output = ()>>(
    rate: f64,
    count: usize,
    at_most: usize,
    send: impl Fn(usize) -> F,
) -> Vec<f64> {
    let mut due = interval(Duration::from_secs_f64(1.0 / rate));
    let mut under_way = FuturesUnordered::new();
    let (mut begun, mut took) = (0, Vec::with_capacity(count));
    while took.len() < count {
        tokio::select! {
            at = due.tick(), if begun < count && under_way.len() < at_most => {
                let answer = send(begun);
                begun += 1;
                under_way.push(async move {
                    answer.await;
                    at.elapsed().as_secs_f64() * 1_000.0
                });
            }
            Some(one) = under_way.next(), if !under_way.is_empty() => took.push(one),
        }
    }
    took
}

#[cfg(test)]
mod tests {
    use super::paced;
    use std::time::Duration;
    use tokio::time::sleep;

    #[tokio::test]
    async fn waiting_for_an_overloaded_worker_is_counted() {
        // One at a time, each takes 20 ms, and one is due every millisecond.
        let took = paced(1_000.0, 5, 1, |_| sleep(Duration::from_millis(20))).await;
        assert_eq!(took.len(), 5);
        assert!(took[4] > 80.0, "{took:?}");
    }
}
