//! The worker on real workerd: `wrangler dev`, killed and restarted at will.

use super::process::Program;
use super::ready::{free_port, until};
use super::{token, upstream};
use reqwest::blocking::Client;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_mins(1);
/// What wrangler would otherwise do besides: report, look for the machine's place, join other workers of this machine.
const QUIET: [(&str, &str); 7] = [
    ("WRANGLER_SEND_METRICS", "false"),
    ("WRANGLER_SEND_ERROR_REPORTS", "false"),
    ("WRANGLER_WRITE_LOGS", "false"),
    ("WRANGLER_REGISTRY_PATH", "registry"),
    ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
    ("NO_COLOR", "1"),
    ("CI", "true"),
];

/// The service key of the app's own server.
pub(crate) const SERVICE_KEY: &str = "the-tests-own-service-key";

/// A worker; its state outlives its processes until it is dropped.
pub(crate) struct Worker {
    folder: PathBuf,
    port: u16,
    variables: BTreeMap<String, String>,
    environment: Vec<(String, String)>,
    program: Mutex<Program>,
}

impl Worker {
    /// Starts a worker that talks to the upstream at `upstream`, with these variables besides the usual ones.
    pub(crate) fn start(
        folder: &Path,
        upstream: &str,
        variables: &[(&str, &str)],
        environment: &[(&str, &str)],
    ) -> Self {
        lay_out(folder);
        let variables = usual_variables(upstream).into_iter().chain(variables.iter().copied());
        let variables: BTreeMap<String, String> =
            variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let environment = QUIET.iter().chain(environment);
        let environment: Vec<(String, String)> =
            environment.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let port = free_port();
        let program = Mutex::new(serve(folder, port, &variables, &environment));
        Self { folder: folder.to_owned(), port, variables, environment, program }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends workerd and wrangler by SIGKILL.
    pub(crate) fn kill(&self) {
        assert!(!self.workerds().is_empty(), "there is a workerd to kill");
        self.program().kill("workerd");
    }

    /// Starts the worker again on its state, at its old address. No request has reached an object of it before this
    /// returns.
    pub(crate) fn restart(&self) {
        *self.program() = serve(&self.folder, self.port, &self.variables, &self.environment);
    }

    /// Where R2 keeps its objects on disk.
    pub(crate) fn bucket_folder(&self) -> PathBuf {
        self.folder.join("state/v3/r2")
    }

    /// The ids of its workerd processes.
    pub(crate) fn workerds(&self) -> Vec<u32> {
        self.program().named("workerd")
    }

    pub(crate) fn log(&self) -> String {
        self.program().output()
    }

    fn program(&self) -> MutexGuard<'_, Program> {
        self.program.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn usual_variables(upstream: &str) -> Vec<(&str, &str)> {
    vec![
        ("JWT_SECRET", token::JWT_SECRET),
        ("API_KEY", SERVICE_KEY),
        ("WEBHOOK_SECRET", upstream::WEBHOOK_SECRET),
        ("VEO3_API_KEY", upstream::API_KEY),
        ("VEO3_API_URL", upstream),
        ("NEXTJS_URL", upstream),
        ("POLL_INTERVAL_MS", "200"),
        ("FIRST_POLL_MS", "200"),
        ("WEBHOOK_RETRY_SECONDS", "0,1,1,1,1"),
    ]
}

/// Wrangler is run in a folder that sees the worker's own configuration and build, and nothing else: it puts its own
/// files there, finds no `.dev.vars`, and has no sources to watch.
fn lay_out(folder: &Path) {
    let root = std::env::var_os("REELAY_ROOT").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    std::fs::create_dir_all(folder.join("src")).expect("the worker's folder can be made");
    for name in ["wrangler.toml", "build", "scripts"] {
        std::os::unix::fs::symlink(root.join(name), folder.join(name)).expect("a link can be made");
    }
}

fn serve(folder: &Path, port: u16, variables: &BTreeMap<String, String>, environment: &[(String, String)]) -> Program {
    let (port, inspector) = (port.to_string(), free_port().to_string());
    let mut command: Vec<String> =
        ["wrangler", "dev", "--ip", "127.0.0.1", "--port", &port, "--inspector-port", &inspector]
            .map(String::from)
            .into();
    let rest = ["--persist-to", "state", "--test-scheduled", "--show-interactive-dev-session=false"];
    command.extend(rest.map(String::from));
    for (name, value) in variables {
        command.extend(["--var".to_owned(), format!("{name}:{value}")]);
    }
    let command: Vec<&OsStr> = command.iter().map(OsStr::new).collect();
    let program = Program::start(folder, "worker", &command, environment);
    let http = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("an HTTP client");
    // An address no route knows, so that no object hears of it.
    let address = format!("http://127.0.0.1:{port}/is-it-there");
    until("the worker answers", START, || {
        assert!(program.is_running(), "wrangler ended:\n{}", program.output());
        http.get(&address).send().ok().map(|_| ())
    });
    program
}
