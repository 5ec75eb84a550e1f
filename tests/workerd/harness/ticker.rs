//! A clock that fires the cron trigger, because nothing else does so locally.

use super::Worker;
use reqwest::blocking::Client;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Longer than any handler takes; a handler that hangs does not stop the clock.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fires the minute's cron trigger repeatedly until it is dropped, whether or not the worker runs.
pub(crate) struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Fires immediately, then again `every` after each handler has ended.
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
