//! The real binary on a free port, ended when the test is over.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The secret of every test's inbox.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A running fake upstream.
pub(crate) struct Process {
    child: Child,
    /// Its base URL.
    pub(crate) origin: String,
}

impl Process {
    /// Starts it with additional arguments and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fake-upstream"))
            .args(["--listen", "127.0.0.1:0", "--webhook-secret", SECRET])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it prints a line");
        let origin = line
            .trim()
            .strip_prefix("listening on ")
            .expect("the line says where it listens");
        Self {
            origin: origin.to_owned(),
            child,
        }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child itself, to wait for its end.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
