//! An app's receiver as a small server inside the test: its port is known before it listens, and it
//! can give any answer.

use super::ready::{free_port, until};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a caller may take to send its request, and a port to become free.
const PATIENCE: Duration = Duration::from_secs(30);

/// A port at which nothing listens yet.
#[derive(Clone, Copy)]
pub(crate) struct Spot {
    port: u16,
}

impl Spot {
    pub(crate) fn free() -> Self {
        Self { port: free_port() }
    }

    /// The address of this port, with any host.
    pub(crate) fn url(self, scheme: &str, host: &str, path: &str) -> String {
        format!("{scheme}://{host}:{}{path}", self.port)
    }
}

/// A request as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }
}

/// A receiver that listens until it is dropped.
pub(crate) struct Receiver {
    port: u16,
    stopped: Arc<AtomicBool>,
    received: Arc<Mutex<Vec<Received>>>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts to listen. `answer` maps a target to the rest of the status line and the headers,
    /// such as `204 No Content`.
    pub(crate) fn start(spot: Spot, answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        // Another test's process may hold the port for a moment while it looks for a free port of
        // its own.
        let listener = until("the port is free", PATIENCE, || {
            TcpListener::bind(("127.0.0.1", spot.port)).ok()
        });
        let (stopped, received) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(Mutex::new(Vec::new())),
        );
        let (stop, kept) = (Arc::clone(&stopped), Arc::clone(&received));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                // A caller that is gone needs no answer.
                let _ = serve(&stream, &answer, &kept);
            }
        });
        Self {
            port: spot.port,
            stopped,
            received,
            thread: Some(thread),
        }
    }

    /// The requests received so far, oldest first.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    stream: &TcpStream,
    answer: &impl Fn(&str) -> String,
    received: &Mutex<Vec<Received>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Some(target) = line.split(' ').nth(1).map(str::to_owned) else {
        return Ok(());
    };
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let request = Received {
        target,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let answer = answer(&request.target);
    received
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(request);
    let mut stream = stream;
    stream.write_all(
        format!("HTTP/1.1 {answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").as_bytes(),
    )
}
