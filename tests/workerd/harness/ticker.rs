//! The cron trigger as a clock: locally nothing fires it.

use super::Worker;
use reqwest::blocking::Client;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Longer than any handler takes; one that hangs is the worker's own trouble, not the clock's.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fires the minute's cron trigger again and again until it is dropped, whether the worker is there
/// or not.
pub(crate) struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Begins at once; the next time comes so long after the last one's handler has ended.
    pub(crate) fn start(worker: &Worker, every: Duration) -> Self {
        let address = worker.cron_address("*+*+*+*+*");
        let http = Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .expect("an HTTP client");
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            loop {
                // A worker that a test has killed does not answer.
                let _ = http.get(&address).send();
                if stopped.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
