//! The example app as a process: `next start` of the build that `npm test` makes, on a database of its own.

use super::World;
use super::process::Program;
use super::ready::{free_port, until};
use super::upstream::WEBHOOK_SECRET;
use super::worker::SERVICE_KEY;
use reqwest::blocking::Client;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_mins(1);

/// Where an app will be, so that its worker can be told before there is either.
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

/// A running app; its database outlives its processes and goes with the world.
pub(crate) struct App {
    place: Place,
    folder: PathBuf,
    database: PathBuf,
    environment: Vec<(String, String)>,
    program: Mutex<Program>,
}

impl App {
    /// Starts the app of a world's worker.
    pub(crate) fn start(world: &World, place: Place) -> Self {
        let folder = world.worker.folder().to_owned();
        let database = folder.join("example.sqlite");
        let environment = [
            ("REELAY_URL", world.worker.origin()),
            ("REELAY_API_KEY", SERVICE_KEY.to_owned()),
            ("WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
            ("DATABASE_FILE", database.display().to_string()),
            ("NEXT_TELEMETRY_DISABLED", "1".to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let program = Mutex::new(serve(&folder, place, &environment));
        Self { place, folder, database, environment, program }
    }

    pub(crate) fn origin(&self) -> String {
        self.place.origin()
    }

    /// The database's file.
    pub(crate) fn database(&self) -> &PathBuf {
        &self.database
    }

    /// Ends the app by SIGKILL.
    pub(crate) fn kill(&self) {
        self.program.lock().unwrap_or_else(PoisonError::into_inner).kill("node");
    }

    /// Starts the app again on its database, at its old address.
    pub(crate) fn restart(&self) {
        let program = serve(&self.folder, self.place, &self.environment);
        *self.program.lock().unwrap_or_else(PoisonError::into_inner) = program;
    }

    pub(crate) fn log(&self) -> String {
        self.program.lock().unwrap_or_else(PoisonError::into_inner).output()
    }
}

fn serve(folder: &std::path::Path, place: Place, environment: &[(String, String)]) -> Program {
    let root = std::env::var_os("REELAY_ROOT").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let app = root.join("examples/nextjs");
    assert!(app.join(".next/BUILD_ID").exists(), "the example app is built: run these tests by `npm test`");
    let port = place.port.to_string();
    let mut command = vec![OsStr::new("env"), OsStr::new("-C"), app.as_os_str()];
    command.extend(["next", "start", "--hostname", "127.0.0.1", "--port", &port].map(OsStr::new));
    let program = Program::start(folder, "app", &command, environment);
    let http = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("an HTTP client");
    let address = format!("{}/icon.svg", place.origin());
    until("the app answers", START, || {
        assert!(program.is_running(), "the app ended:\n{}", program.output());
        http.get(&address).send().ok().map(|_| ())
    });
    program
}
