//! A worker with its upstream: shared, taken by one test at a time, or of a test's own.

use super::process::new_folder;
use super::{Api, Configuration, Upstream, Worker, until};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much of each log a failed test shows.
const SHOWN_LINES: usize = 60;

/// How long the report of an end to the queue may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every job starts at once, and an upstream that hangs times out soon.
const SHARED_SETTINGS: [(&str, &str); 2] = [
    ("MAX_CONCURRENT_JOBS", "100"),
    ("UPSTREAM_TIMEOUT_MS", "3000"),
];

/// What a test's own world has of its own.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setup<'a> {
    /// The worker's variables in addition to the usual ones.
    pub(crate) variables: &'a [(&'a str, &'a str)],
    /// Wrangler's environment.
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// Changes to `wrangler.toml`.
    pub(crate) configuration: Configuration<'a>,
}

/// A worker and its upstream.
pub(crate) struct World {
    pub(crate) upstream: Upstream,
    pub(crate) worker: Worker,
    folder: PathBuf,
}

impl World {
    /// Starts a worker with these variables in addition to the usual ones. One such world exists at
    /// a time.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Lent {
        Self::start_with(&Setup {
            variables,
            ..Setup::default()
        })
    }

    /// The same with variables in wrangler's environment.
    pub(crate) fn start_in(variables: &[(&str, &str)], environment: &[(&str, &str)]) -> Lent {
        Self::start_with(&Setup {
            variables,
            environment,
            ..Setup::default()
        })
    }

    /// The same with any setup.
    pub(crate) fn start_with(setup: &Setup<'_>) -> Lent {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        Lent::Own(Box::new(Self::new(setup)), Some(turn))
    }

    /// The same concurrently with others of its kind, for a test that mostly waits.
    pub(crate) fn start_beside(setup: &Setup<'_>) -> Lent {
        Lent::Own(Box::new(Self::new(setup)), None)
    }

    /// A world for tests that share it among themselves.
    pub(crate) fn new(setup: &Setup<'_>) -> Self {
        let folder = new_folder(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("workerd"));
        let upstream = Upstream::start(&folder);
        let worker = Worker::start(&folder, &upstream, setup);
        Self {
            upstream,
            worker,
            folder,
        }
    }

    /// A new user with a valid token.
    pub(crate) fn user(&self) -> Api {
        Api::new(self.worker.origin(), unique("user"))
    }

    /// A user with a given name, such as a fixture's.
    pub(crate) fn user_named(&self, user: &str) -> Api {
        Api::new(self.worker.origin(), user.to_owned())
    }

    /// Restarts the worker with alerts that go to the inbox of the app's webhooks.
    pub(crate) fn send_alerts_to_inbox(&self) {
        let inbox = format!("{}/api/webhooks/worker", self.upstream.origin());
        self.worker.kill();
        self.worker.restart_with(&[("ALERT_WEBHOOK_URL", &inbox)]);
    }

    /// Waits until no slot is held: one that is held when all jobs are done has leaked (I9).
    #[track_caller]
    pub(crate) fn all_slots_are_free(&self) {
        let user = self.user();
        until("every slot is free", PATIENCE, || {
            (user.get("/api/queue/status").json()["status"]["slots"]["used"] == 0).then_some(())
        });
    }

    fn show(&self) {
        for (name, log) in [
            ("worker", self.worker.log()),
            ("upstream", self.upstream.log()),
        ] {
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
            eprintln!(
                "--- the end of {}/{name}.log\n{tail}",
                self.folder.display()
            );
        }
    }
}

/// A unique word, for users and prompts.
pub(crate) fn unique(word: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{word}_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The shared worker for tests that do not disturb others: [`SHARED_SETTINGS`].
pub(crate) fn shared() -> Lent {
    static SHARED: LazyLock<World> = LazyLock::new(|| {
        World::new(&Setup {
            variables: &SHARED_SETTINGS,
            ..Setup::default()
        })
    });
    Lent::Shared(&SHARED)
}

/// One of two workers for tests that need one for themselves, with the usual three slots. Only
/// finished jobs are left from the test before. After a failed test it is a new one.
pub(crate) fn exclusive() -> Lent {
    static WORLDS: [Mutex<Option<World>>; 2] = [Mutex::new(None), Mutex::new(None)];
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let mut world = WORLDS
        .iter()
        .find_map(|world| world.try_lock().ok())
        .unwrap_or_else(|| {
            let next = &WORLDS[TURN.fetch_add(1, Ordering::Relaxed) % WORLDS.len()];
            next.lock().unwrap_or_else(|poisoned| {
                next.clear_poison();
                let mut world = poisoned.into_inner();
                *world = None;
                world
            })
        });
    world
        .get_or_insert_with(|| World::new(&Setup::default()))
        .upstream
        .reset();
    Lent::Exclusive(world)
}

/// A world shared by the tests of one file, one at a time: started for the first test, and again
/// after a failed one.
pub(crate) fn kept(place: &'static Mutex<Option<World>>, setup: &Setup<'_>) -> Lent {
    let mut world = place.lock().unwrap_or_else(|poisoned| {
        place.clear_poison();
        let mut world = poisoned.into_inner();
        *world = None;
        world
    });
    world
        .get_or_insert_with(|| World::new(setup))
        .upstream
        .reset();
    Lent::Exclusive(world)
}

/// A world for the length of a test; shows its logs if the test fails.
pub(crate) enum Lent {
    Shared(&'static World),
    Exclusive(MutexGuard<'static, Option<World>>),
    Own(
        Box<World>,
        #[expect(dead_code, reason = "held until the world is dropped")]
        Option<MutexGuard<'static, ()>>,
    ),
}

impl Deref for Lent {
    type Target = World;

    fn deref(&self) -> &World {
        match self {
            Self::Shared(world) => world,
            Self::Exclusive(world) => world.as_ref().expect("the world was started"),
            Self::Own(world, _) => world,
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show();
        }
    }
}
