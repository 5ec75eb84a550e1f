//! An app of Next.js as a process: `next start` of a build that `npm test` made, the example's or
//! the one of docs/quickstart.md, or `next dev` of the same files.

use super::World;
use super::process::Program;
use super::ready::{free_port, until};
use super::upstream::WEBHOOK_SECRET;
use super::worker::SERVICE_KEY;
use reqwest::blocking::Client;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_mins(1);

/// The address of a future app, so that its worker can be configured before either starts.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    port: u16,
}

impl Place {
    pub(crate) fn free() -> Self {
        Self { port: free_port() }
    }

    pub(crate) fn origin(self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// A running app; its database, if it has one, outlives its processes and is deleted with the
/// world.
pub(crate) struct App {
    place: Place,
    code: PathBuf,
    command: &'static str,
    folder: PathBuf,
    database: PathBuf,
    environment: Vec<(String, String)>,
    program: Mutex<Program>,
}

impl App {
    /// Starts the example app beside a world's worker.
    pub(crate) fn start(world: &World, place: Place) -> Self {
        let root = std::env::var_os("REELAY_ROOT");
        let root = root.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        Self::of(world, place, root.join("examples/nextjs"))
    }

    /// Starts the app built in this folder.
    pub(crate) fn of(world: &World, place: Place, code: PathBuf) -> Self {
        Self::run(world, place, code, "start")
    }

    /// Starts the development server on the app in this folder.
    pub(crate) fn in_development(world: &World, place: Place, code: PathBuf) -> Self {
        Self::run(world, place, code, "dev")
    }

    fn run(world: &World, place: Place, code: PathBuf, command: &'static str) -> Self {
        let folder = world.worker.folder().to_owned();
        let database = folder.join("example.sqlite");
        let environment = [
            ("REELAY_URL", world.worker.origin()),
            ("REELAY_API_KEY", SERVICE_KEY.to_owned()),
            ("WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
            ("DATABASE_FILE", database.display().to_string()),
            ("NEXT_TELEMETRY_DISABLED", "1".to_owned()),
        ];
        let environment = environment
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec();
        let program = Mutex::new(serve(&folder, &code, command, place, &environment));
        Self {
            place,
            code,
            command,
            folder,
            database,
            environment,
            program,
        }
    }

    pub(crate) fn origin(&self) -> String {
        self.place.origin()
    }

    /// The database's file.
    pub(crate) fn database(&self) -> &PathBuf {
        &self.database
    }

    /// Kills the app with SIGKILL.
    pub(crate) fn kill(&self) {
        self.program
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .kill("node");
    }

    /// Starts the app again with its database, at its old address.
    pub(crate) fn restart(&self) {
        let program = serve(
            &self.folder,
            &self.code,
            self.command,
            self.place,
            &self.environment,
        );
        *self.program.lock().unwrap_or_else(PoisonError::into_inner) = program;
    }

    pub(crate) fn log(&self) -> String {
        self.program
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .output()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the app's log\n{}", self.log());
        }
    }
}

fn serve(
    folder: &Path,
    app: &Path,
    subcommand: &str,
    place: Place,
    environment: &[(String, String)],
) -> Program {
    assert!(
        app.join(".next/BUILD_ID").exists(),
        "the app is built: run these tests by `npm test`"
    );
    let port = place.port.to_string();
    // A test's app has its packages in the folder above.
    let own = app.join("../node_modules/.bin/next");
    let next = if own.exists() {
        own.as_os_str()
    } else {
        OsStr::new("next")
    };
    let mut command = vec![OsStr::new("env"), OsStr::new("-C"), app.as_os_str(), next];
    command.extend([subcommand, "--hostname", "127.0.0.1", "--port", &port].map(OsStr::new));
    let program = Program::start(folder, "app", &command, environment);
    let http = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .expect("an HTTP client");
    let address = format!("{}/icon.svg", place.origin());
    until("the app answers", START, || {
        assert!(program.is_running(), "the app ended:\n{}", program.output());
        http.get(&address).send().ok().map(|_| ())
    });
    program
}
