//! Load: `count` requests, `at_once` of them at a time.

use crate::clock;
use futures::StreamExt;

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
