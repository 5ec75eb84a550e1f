//! The example app in a real browser, on the real worker. The scenarios are in
//! `tests/browser/example`.

use crate::harness::app::{App, Place};
use crate::harness::browser::play_on;
use crate::harness::{Setup, World};
use rusqlite::{Connection, OpenFlags};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Two jobs run at a time, so that a third one waits; webhooks are retried every second until the
/// app is back.
const SETTINGS: [(&str, &str); 3] = [
    ("MAX_CONCURRENT_JOBS", "2"),
    ("ENABLE_CLARIFICATIONS", "true"),
    (
        "WEBHOOK_RETRY_SECONDS",
        "0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
    ),
];

#[test]
fn a_prompt_becomes_a_video_without_a_reload_in_each_tab_of_its_user_alone() {
    stage().play("whole_way", 0);
}

#[test]
fn a_failure_a_cancel_and_a_filtered_prompt_read_like_sentences() {
    stage().play("other_ends", 0);
}

#[test]
fn an_app_that_was_down_still_gets_its_webhook() {
    stage().play("app_down", 0);
}

#[test]
fn trying_again_after_the_worker_was_down_makes_one_job() {
    stage().play("worker_down", 0);
}

#[test]
fn a_repeated_webhook_makes_one_message_and_a_forged_one_changes_nothing() {
    stage().play("webhooks", 2);
}

#[test]
fn the_chat_is_accessible_in_both_themes() {
    stage().play("accessible", 0);
}

/// The picture of the documentation; it is kept only when `npm run screenshots` asks for it.
#[test]
fn the_example_is_among_the_pictures_of_the_docs() {
    stage().play("screenshots", 0);
}

/// A worker and the app that it sends webhooks to.
struct Pair {
    app: App,
    world: World,
}

/// The pair, for one scenario at a time: scenarios kill both.
struct Stage(MutexGuard<'static, Option<Pair>>);

/// The stage, started for the first scenario, and again after a failed one.
fn stage() -> Stage {
    static PAIR: Mutex<Option<Pair>> = Mutex::new(None);
    let mut pair = PAIR.lock().unwrap_or_else(|poisoned| {
        PAIR.clear_poison();
        let mut pair = PoisonError::into_inner(poisoned);
        *pair = None;
        pair
    });
    pair.get_or_insert_with(|| {
        let place = Place::free();
        let origin = place.origin();
        let mut variables = SETTINGS.to_vec();
        variables.push(("NEXTJS_URL", &origin));
        let world = World::new(&Setup {
            variables: &variables,
            ..Setup::default()
        });
        Pair {
            app: App::start(&world, place),
            world,
        }
    });
    Stage(pair)
}

impl Stage {
    /// Plays a scenario that sends `own` accepted webhooks itself, then checks what the app has
    /// stored.
    #[track_caller]
    fn play(&self, scenario: &str, own: i64) {
        let Pair { app, world } = self.0.as_ref().expect("the stage was started");
        let before = self.surplus();
        play_on(
            app,
            world,
            &format!("example/{scenario}"),
            |word| match word {
                "kill app" => app.kill(),
                "restart app" => app.restart(),
                "kill worker" => world.worker.kill(),
                "restart worker" => world.worker.restart(),
                other => panic!("unknown request: {other}"),
            },
        );
        assert_eq!(
            self.surplus() - before,
            own,
            "one id is stored per handled webhook"
        );
        let generations = self.count("SELECT count(*) FROM generations");
        let ended =
            "SELECT count(*) FROM generations WHERE status IN ('completed', 'failed', 'cancelled')";
        assert!(generations > 0, "the scenario has ordered");
        assert_eq!(self.count(ended), generations, "every generation has ended");
        let answers = "SELECT count(*) FROM messages WHERE role = 'assistant'";
        assert_eq!(self.count(answers), generations, "one answer a generation");
        let answered =
            "SELECT count(DISTINCT generation_id) FROM messages WHERE role = 'assistant'";
        assert_eq!(
            self.count(answered),
            generations,
            "each generation has an answer"
        );
    }

    /// How many more webhook ids the app has stored than the worker has sent for the app's
    /// generations.
    fn surplus(&self) -> i64 {
        let world = &self.0.as_ref().expect("it was started").world;
        let database = self.open();
        let mut statement = database
            .prepare("SELECT user_id, id FROM generations")
            .expect("a statement");
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("rows");
        let made: usize = rows
            .map(|row: rusqlite::Result<(String, String)>| {
                let (user, id) = row.expect("a row");
                let answer = world
                    .user_named(&user)
                    .get(&format!("/api/generations/{id}/deliveries"))
                    .json();
                answer["deliveries"]
                    .as_array()
                    .unwrap_or_else(|| panic!("deliveries: {answer}"))
                    .len()
            })
            .sum();
        self.count("SELECT count(*) FROM webhooks") - i64::try_from(made).expect("a number")
    }

    fn count(&self, query: &str) -> i64 {
        self.open()
            .query_row(query, [], |row| row.get(0))
            .expect("a number")
    }

    fn open(&self) -> Connection {
        let path = self.0.as_ref().expect("it was started").app.database();
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .expect("the app's database")
    }
}
