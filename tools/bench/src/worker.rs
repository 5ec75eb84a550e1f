//! A worker on workerd: Reelay, or one of the peers, all served in the same way.

use crate::clock;
use processes::process::{Program, new_folder, processor_time, resident_bytes};
use processes::ready::{free_port, until};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a start may take.
const START: Duration = Duration::from_mins(3);
/// How long a request may take.
const REQUEST: Duration = Duration::from_mins(10);
/// How long an idle connection is kept: less than the runtime keeps it.
const IDLE: Duration = Duration::from_secs(1);
/// The platform's limiter bounds each user's bursts of requests; here it must not limit anyone.
const LIMIT: (&str, &str) = ("simple = { limit = 100,", "simple = { limit = 1000000,");
/// The folder of state on disk, below the checkout.
const DISK: &str = ".wrangler/bench";
/// The class of the queue's object.
pub(crate) const QUEUE: &str = "QueueManager";
/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";
/// Turns off everything that would use the network, and the runtime's tracer (see `serve.mjs`).
const QUIET: [(&str, &str); 4] = [
    ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
    ("WRANGLER_SEND_METRICS", "false"),
    ("X_LOCAL_OBSERVABILITY", "false"),
    ("NO_COLOR", "1"),
];

/// The worker to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Reelay,
    /// One of `tools/bench/peers`.
    Peer(&'static str),
}

/// The folder that a worker is served from: its code, its configuration and its state.
pub(crate) struct Stage {
    pub(crate) folder: PathBuf,
}

/// A worker that runs until it is dropped; its stage stays.
pub(crate) struct Worker {
    program: Program,
    /// The worker's own socket.
    pub(crate) origin: String,
    entry: String,
    pub(crate) http: Client,
    /// The time from spawn to the first answer, in milliseconds.
    pub(crate) started_in: f64,
}

/// What a worker used of the platform (see `counter.js`).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Used {
    pub(crate) worker_requests: f64,
    pub(crate) object_messages: f64,
    pub(crate) queue_messages: f64,
    pub(crate) alarms: f64,
    pub(crate) objects_woken: f64,
    pub(crate) active_ms: f64,
    pub(crate) rows_read: f64,
    pub(crate) rows_written: f64,
    pub(crate) alarms_set: f64,
    pub(crate) r2_class_a: f64,
    pub(crate) r2_class_b: f64,
    pub(crate) queue_operations: f64,
    pub(crate) log_lines: f64,
}

impl Stage {
    /// An empty stage.
    pub(crate) fn new(kind: Kind, counted: bool) -> Self {
        Self::below(&home(), kind, counted)
    }

    /// An empty stage whose state is on the checkout's disk.
    pub(crate) fn on_disk(kind: Kind) -> Self {
        Self::below(&root().join(DISK), kind, false)
    }

    fn below(home: &Path, kind: Kind, counted: bool) -> Self {
        let folder = new_folder(home);
        let root = root();
        let (source, classes) = match kind {
            Kind::Reelay => (root.clone(), &["JobManager", QUEUE][..]),
            Kind::Peer(name) => (
                root.join("tools/bench/peers").join(name),
                if name == "fixed-poll" {
                    &["Job"][..]
                } else {
                    &[]
                },
            ),
        };
        let configuration =
            fs::read_to_string(source.join("wrangler.toml")).expect("wrangler.toml can be read");
        let mut configuration = configuration.replace(LIMIT.0, LIMIT.1);
        let module = if kind == Kind::Reelay {
            for name in ["assets", "build", "scripts"] {
                symlink(root.join(name), folder.join(name)).expect("a link can be made");
            }
            "build/index.js"
        } else {
            fs::copy(source.join("index.js"), folder.join("index.js"))
                .expect("the peer can be copied");
            "index.js"
        };
        if counted {
            fs::copy(
                root.join("tools/bench/counter.js"),
                folder.join("counter.js"),
            )
            .expect("the counter can be copied");
            fs::write(folder.join("counted.js"), counted_entry(module, classes))
                .expect("an entry can be written");
            configuration =
                configuration.replace(&format!("main = \"{module}\""), "main = \"counted.js\"");
        }
        fs::write(folder.join("wrangler.toml"), configuration)
            .expect("wrangler.toml can be written");
        Self { folder }
    }

    /// A stage that begins with the state of this one, whose worker must not run.
    pub(crate) fn copy(&self, kind: Kind) -> Self {
        self.copy_to(Self::new(kind, false))
    }

    /// The same with the state on the checkout's disk.
    pub(crate) fn copy_to_disk(&self, kind: Kind) -> Self {
        self.copy_to(Self::on_disk(kind))
    }

    fn copy_to(&self, copy: Self) -> Self {
        copy_folder(&self.folder.join("state"), &copy.folder.join("state"));
        copy
    }

    /// The database of a class's only object; the worker must not run.
    pub(crate) fn only_database(&self, class: &str) -> PathBuf {
        let folder = self.folder.join(format!("state/do/measured-{class}"));
        let entries = fs::read_dir(folder)
            .expect("the class has a folder")
            .flatten()
            .map(|entry| entry.path());
        let is_object = |path: &PathBuf| {
            path.extension().is_some_and(|ending| ending == "sqlite")
                && path.file_stem().is_some_and(|name| name != "metadata")
        };
        entries
            .into_iter()
            .find(is_object)
            .expect("the object has a database")
    }

    /// Starts the worker with these variables.
    pub(crate) fn start(&self, variables: &[(&str, &str)]) -> Worker {
        let (port, direct) = (free_port(), free_port());
        let variables: Map<String, Value> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect();
        let (script, variables) = (
            root().join("tools/bench/serve.mjs"),
            Value::Object(variables).to_string(),
        );
        let command = [
            "node",
            &script.display().to_string(),
            &port.to_string(),
            &direct.to_string(),
            &variables,
        ]
        .map(String::from);
        let command: Vec<&OsStr> = command.iter().map(OsStr::new).collect();
        let quiet = QUIET.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let began = clock::now();
        let program = Program::start(&self.folder, "worker", &command, &quiet);
        let started_in = first_answer(&program, direct, began);
        let http = Client::builder()
            .no_proxy()
            .timeout(REQUEST)
            .pool_idle_timeout(IDLE)
            .build()
            .expect("an HTTP client");
        let (origin, entry) = (
            format!("http://127.0.0.1:{direct}"),
            format!("http://127.0.0.1:{port}"),
        );
        Worker {
            program,
            origin,
            entry,
            http,
            started_in,
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // After a failure the logs are kept for inspection; the next run removes them.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Polls once a millisecond for the worker's first answer; returns the time since `began` in
/// milliseconds.
fn first_answer(program: &Program, port: u16, began: Instant) -> f64 {
    use std::io::{Read, Write};
    until("the worker answers", START, || {
        let deadline = Duration::from_millis(25);
        let looked = clock::now();
        while looked.elapsed() < deadline {
            if let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) {
                let _ = stream.write_all(
                    b"GET /is-it-there HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n",
                );
                let mut byte = [0];
                if matches!(stream.read(&mut byte), Ok(1)) {
                    return Some(clock::since(began));
                }
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(
            program.is_running(),
            "the worker ended:\n{}",
            program.output()
        );
        None
    })
}

impl Worker {
    /// Fires the minute's cron trigger; returns when its handler has ended.
    pub(crate) async fn tick(&self) {
        self.fire("*+*+*+*+*").await;
    }

    /// The same with the daily cron trigger.
    pub(crate) async fn daily(&self) {
        self.fire("17+3+*+*+*").await;
    }

    async fn fire(&self, cron: &str) {
        let address = format!("{}/cdn-cgi/local/scheduled?cron={cron}", self.entry);
        let answer = self
            .http
            .get(address)
            .send()
            .await
            .expect("the worker answers");
        assert!(
            answer.status().is_success(),
            "the cron trigger: {}",
            answer.status()
        );
    }

    pub(crate) async fn used(&self) -> Used {
        self.http
            .get(self.door())
            .send()
            .await
            .and_then(Response::error_for_status)
            .expect("counts")
            .json()
            .await
            .expect("counts")
    }

    /// Sets the counts to zero.
    pub(crate) async fn count_anew(&self) {
        self.http
            .delete(self.door())
            .send()
            .await
            .and_then(Response::error_for_status)
            .expect("counts");
    }

    fn door(&self) -> String {
        format!("{}/__counts", self.origin)
    }

    fn workerd(&self) -> Vec<u32> {
        self.program.named("workerd")
    }

    /// The resident memory of the runtime, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        resident_bytes(&self.workerd())
    }

    /// The processor time that the runtime has used.
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(&self.workerd())
    }
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    std::env::var_os("REELAY_ROOT").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
        PathBuf::from,
    )
}

/// The folder of all state: the one that `BENCH_STATE` names, or else a folder in memory if the
/// system has one. On disk, waiting for the disk would be the largest part of every figure, and
/// Cloudflare's storage does not have this disk.
pub(crate) fn home() -> PathBuf {
    let memory = Path::new(MEMORY);
    match std::env::var_os("BENCH_STATE") {
        Some(folder) => PathBuf::from(folder),
        None if memory.is_dir() => memory.join("reelay-bench"),
        None => root().join(DISK),
    }
}

fn counted_entry(module: &str, classes: &[&str]) -> String {
    let objects: Vec<String> = classes
        .iter()
        .map(|class| {
            let own = if *class == QUEUE {
                ", \"queueMessages\""
            } else {
                ""
            };
            format!("export const {class} = countedObject(built.{class}{own});\n")
        })
        .collect();
    format!(
        "import Worker, * as built from \"./{module}\";\nimport {{ counted, countedObject }} from \"./counter.js\";\n\n\
         export default counted(Worker);\n{}",
        objects.concat()
    )
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the state can be read").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the state can be copied");
        }
    }
}
