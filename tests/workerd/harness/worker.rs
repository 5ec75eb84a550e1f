//! The worker on real workerd: `wrangler dev`, killed and restarted at will.

use super::process::Program;
use super::ready::{free_port, until};
use super::worlds::Setup;
use super::{Upstream, token, upstream};
use reqwest::blocking::{Client, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_mins(1);
/// How long a cron trigger's handler may take.
const REQUEST: Duration = Duration::from_mins(1);
/// Turns off what wrangler does besides: telemetry, finding the machine's location, joining other
/// workers on this machine.
const QUIET: [(&str, &str); 7] = [
    ("WRANGLER_SEND_METRICS", "false"),
    ("WRANGLER_SEND_ERROR_REPORTS", "false"),
    ("WRANGLER_WRITE_LOGS", "false"),
    ("WRANGLER_REGISTRY_PATH", "registry"),
    ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
    ("NO_COLOR", "1"),
    ("CI", "true"),
];

/// The folder of wrangler's temporary files.
const TEMPORARY: &str = "temporary";

/// The beginning of each line that the worker logs.
const LINE: &str = "{\"timestamp\":";

/// The service key of the app's own server.
pub(crate) const SERVICE_KEY: &str = "the-tests-own-service-key";
/// The operator's admin key.
pub(crate) const ADMIN_KEY: &str = "the-tests-own-admin-key";

/// A worker; its state outlives its processes until it is dropped.
pub(crate) struct Worker {
    folder: PathBuf,
    port: u16,
    variables: Mutex<BTreeMap<String, String>>,
    environment: Vec<(String, String)>,
    program: Mutex<Program>,
    http: Client,
}

impl Worker {
    /// Starts a worker that talks to the upstream `upstream`.
    pub(crate) fn start(folder: &Path, upstream: &Upstream, setup: &Setup<'_>) -> Self {
        lay_out(folder, setup);
        let account = upstream.service_account();
        let variables = usual_variables(upstream.origin(), &account)
            .into_iter()
            .chain(setup.variables.iter().copied());
        let variables: BTreeMap<String, String> = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let environment = QUIET.iter().chain(setup.environment);
        let mut environment: Vec<(String, String)> = environment
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        // A killed wrangler's leftovers are deleted with the world's folder.
        environment.push((
            "TMPDIR".to_owned(),
            folder.join(TEMPORARY).display().to_string(),
        ));
        let port = free_port();
        let program = Mutex::new(serve(folder, port, &variables, &environment));
        let http = Client::builder()
            .no_proxy()
            .timeout(REQUEST)
            .build()
            .expect("an HTTP client");
        Self {
            folder: folder.to_owned(),
            port,
            variables: Mutex::new(variables),
            environment,
            program,
            http,
        }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills workerd and wrangler with SIGKILL.
    pub(crate) fn kill(&self) {
        assert!(!self.workerds().is_empty(), "there is a workerd to kill");
        self.program().kill("workerd");
    }

    /// Starts the worker again with its state, at its old address. No request has reached any of
    /// its objects before this returns.
    pub(crate) fn restart(&self) {
        self.restart_with(&[]);
    }

    /// The same with these variables changed, now and at later restarts. For a test's own world.
    pub(crate) fn restart_with(&self, changed: &[(&str, &str)]) {
        let mut variables = self
            .variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        variables.extend(
            changed
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        *self.program() = serve(&self.folder, self.port, &variables, &self.environment);
    }

    /// Fires the minute's cron trigger, which nothing else does locally; returns when its handler
    /// has ended.
    #[track_caller]
    pub(crate) fn tick(&self) {
        self.fire("*+*+*+*+*");
    }

    /// Fires the daily cron trigger.
    #[track_caller]
    pub(crate) fn daily(&self) {
        self.fire("17+3+*+*+*");
    }

    #[track_caller]
    fn fire(&self, cron: &str) {
        let answer = self
            .http
            .get(self.cron_address(cron))
            .send()
            .expect("the worker answers");
        assert_eq!(answer.status(), 200, "{cron}: {}", text(answer));
    }

    pub(super) fn cron_address(&self, cron: &str) -> String {
        format!("{}/__scheduled?cron={cron}", self.origin())
    }

    /// Sends messages to the queue `DISPATCH` or `DEAD`, each delivered after `delay` seconds.
    /// Needs `Configuration::injector`.
    #[track_caller]
    pub(crate) fn inject(&self, queue: &str, messages: &[Value], delay: u32) {
        self.inject_as("json", queue, messages, delay);
    }

    /// The same with texts that need not be JSON, as no correct sender sends them.
    #[track_caller]
    pub(crate) fn inject_texts(&self, queue: &str, messages: &[&str], delay: u32) {
        let messages: Vec<Value> = messages.iter().map(|text| Value::from(*text)).collect();
        self.inject_as("text", queue, &messages, delay);
    }

    #[track_caller]
    fn inject_as(&self, content_type: &str, queue: &str, messages: &[Value], delay: u32) {
        let address = format!(
            "{}/__inject/{queue}?delay={delay}&type={content_type}",
            self.origin()
        );
        let answer = self
            .http
            .post(address)
            .json(messages)
            .send()
            .expect("the worker answers");
        assert_eq!(answer.status(), 204, "{queue}: {}", text(answer));
    }

    /// The folder where wrangler runs; it is deleted with the world.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where R2 keeps its objects on disk.
    pub(crate) fn bucket_folder(&self) -> PathBuf {
        self.folder.join("state/v3/r2")
    }

    /// The platform's databases of a class's objects: one each, and `metadata.sqlite` with their
    /// alarms. They may be changed while the worker is killed.
    pub(crate) fn databases(&self, class: &str) -> Vec<PathBuf> {
        let folder = self.folder.join(format!("state/v3/do/reelay-{class}"));
        let entries = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        entries
            .filter(|path| path.extension().is_some_and(|ending| ending == "sqlite"))
            .collect()
    }

    /// Whether the worker has logged `message` about a generation.
    pub(crate) fn has_logged(&self, message: &str, id: &str) -> bool {
        let (message, id) = (
            format!("\"message\":\"{message}\""),
            format!("\"generationId\":\"{id}\""),
        );
        self.log()
            .lines()
            .any(|line| line.contains(&message) && line.contains(&id))
    }

    /// The lines that the worker has logged. Wrangler colours those of the higher levels, and adds
    /// lines of its own.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let log = self.log();
        // The last line may be incomplete.
        let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let logged = whole
            .lines()
            .filter_map(|line| Some(&line[line.find(LINE)?..=line.rfind('}')?]));
        logged
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|_| panic!("one JSON object: {line}"))
            })
            .collect()
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

fn usual_variables<'a>(upstream: &'a str, account: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("JWT_SECRET", token::JWT_SECRET),
        ("API_KEY", SERVICE_KEY),
        ("ADMIN_KEY", ADMIN_KEY),
        ("WEBHOOK_SECRET", upstream::WEBHOOK_SECRET),
        ("VEO3_API_KEY", upstream::API_KEY),
        ("VEO3_API_URL", upstream),
        ("GEMINI_API_KEY", upstream::API_KEY),
        ("GEMINI_API_URL", upstream),
        ("VERTEX_SERVICE_ACCOUNT", account),
        ("VERTEX_API_URL", upstream),
        ("VERTEX_STORAGE_URL", upstream),
        ("VERTEX_OUTPUT", upstream::OUTPUT),
        ("NEXTJS_URL", upstream),
        ("POLL_INTERVAL_MS", "200"),
        ("WEBHOOK_RETRY_SECONDS", "0,1,1,1,1"),
        ("MAX_SUBMITS_PER_MINUTE", "100000"),
        // A store fails after its retries, so that tests see the end.
        ("STORE_TIMEOUT_MS", "0"),
    ]
}

fn text(answer: Response) -> String {
    answer.text().unwrap_or_default()
}

/// Wrangler runs in a folder with links to the worker's build and a copy of its configuration, and
/// nothing else: it writes its files there, finds no `.dev.vars`, and has no sources to watch.
fn lay_out(folder: &Path, setup: &Setup<'_>) {
    let root = std::env::var_os("REELAY_ROOT")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    for name in ["src", TEMPORARY] {
        std::fs::create_dir_all(folder.join(name)).expect("the worker's folder can be made");
    }
    for name in ["assets", "build", "scripts"] {
        std::os::unix::fs::symlink(root.join(name), folder.join(name)).expect("a link can be made");
    }
    setup.configuration.write(&root, folder);
}

fn serve(
    folder: &Path,
    port: u16,
    variables: &BTreeMap<String, String>,
    environment: &[(String, String)],
) -> Program {
    let (port, inspector) = (port.to_string(), free_port().to_string());
    let mut command: Vec<String> = [
        "wrangler",
        "dev",
        "--ip",
        "127.0.0.1",
        "--port",
        &port,
        "--inspector-port",
        &inspector,
    ]
    .map(String::from)
    .into();
    let rest = [
        "--persist-to",
        "state",
        "--test-scheduled",
        "--show-interactive-dev-session=false",
    ];
    command.extend(rest.map(String::from));
    for (name, value) in variables {
        command.extend(["--var".to_owned(), format!("{name}:{value}")]);
    }
    let command: Vec<&OsStr> = command.iter().map(OsStr::new).collect();
    let program = Program::start(folder, "worker", &command, environment);
    let http = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .expect("an HTTP client");
    // No route has this address, so that the request reaches no object.
    let address = format!("http://127.0.0.1:{port}/is-it-there");
    until("the worker answers", START, || {
        assert!(
            program.is_running(),
            "wrangler ended:\n{}",
            program.output()
        );
        http.get(&address).send().ok().map(|_| ())
    });
    program
}
