//! Polling for a condition, and free ports.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The interval between two polls.
const EVERY: Duration = Duration::from_millis(25);
/// Below the ports that the system assigns to outgoing connections.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;

/// Polls `probe` until it returns something. Panics with `what` after `limit`.
#[track_caller]
pub fn until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let began = now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(
            began.elapsed() < limit,
            "not within {} s: {what}",
            limit.as_secs()
        );
        thread::sleep(EVERY);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tool's deadline does not concern the product's clock"
)]
fn now() -> Instant {
    Instant::now()
}

/// A port that nothing listens on and that the system does not assign to outgoing connections, so
/// that it stays free over a restart.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % u32::from(PORTS)).unwrap_or(0);
    for _ in 0..PORTS {
        let offset =
            (u32::from(start) + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % u32::from(PORTS);
        let port = FIRST_PORT + u16::try_from(offset).unwrap_or(0);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}
