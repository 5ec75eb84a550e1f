//! The dashboard in a real browser on the real worker. The scenarios are in `tests/browser`.

use crate::harness::browser::play;
use crate::harness::{Lent, Setup, World, now};
use rusqlite::{Connection, params};
use serde_json::json;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// In development, a script can make the tokens of the page's users by itself.
const SETTINGS: [(&str, &str); 3] = [
    ("ENVIRONMENT", "development"),
    ("MAX_CONCURRENT_JOBS", "5"),
    ("MAX_USER_PRIORITY", "10"),
];
const MANY: i64 = 10_000;

#[test]
fn one_signs_in_watches_plays_cancels_sends_again_pauses_and_resumes() {
    play(&world().0, "whole_way", |_| ());
}

#[test]
fn an_operator_uses_every_control_and_the_changes_outlive_a_kill() {
    let world = World::start(&SETTINGS);
    play(&world, "controls", |word| match word {
        "kill" => world.worker.kill(),
        "restart" => world.worker.restart(),
        other => panic!("unknown request: {other}"),
    });
}

#[test]
fn every_view_is_accessible_in_both_themes() {
    play(&world().0, "accessible", |_| ());
}

#[test]
fn a_wrong_token_is_told_and_one_that_ends_leads_back_to_the_sign_in() {
    play(&world().0, "wrong_token", |_| ());
}

#[test]
fn the_old_picture_stays_while_the_worker_is_dead_and_goes_on_by_itself() {
    let (world, _turn) = world();
    play(&world, "dead_worker", |word| match word {
        "kill" => world.worker.kill(),
        "restart" => world.worker.restart(),
        other => panic!("unknown request: {other}"),
    });
}

#[test]
fn what_users_wrote_is_shown_as_text() {
    play(&world().0, "text_only", |_| ());
}

#[test]
fn a_phone_shows_all_of_it() {
    play(&world().0, "phone", |_| ());
}

#[test]
fn everything_can_be_done_by_the_keyboard() {
    play(&world().0, "keyboard", |_| ());
}

#[test]
fn an_empty_queue_and_one_of_ten_thousand_have_a_sensible_picture() {
    let world = World::start(&SETTINGS);
    play(&world, "empty_then_many", |word| {
        assert_eq!(word, "fill");
        world.worker.kill();
        fill(&world);
        world.worker.restart();
    });
}

/// The pictures of the documentation; they are kept only when `npm run screenshots` asks for them.
#[test]
fn the_pictures_of_the_docs_can_be_taken() {
    play(&World::start(&SETTINGS), "screenshots", |_| ());
}

/// The world of these tests, for one scenario at a time: scenarios pause the queue and change the
/// inbox.
fn world() -> (Lent, MutexGuard<'static, ()>) {
    static WORLD: LazyLock<World> = LazyLock::new(|| {
        let world = World::new(&Setup {
            variables: &SETTINGS,
            ..Setup::default()
        });
        world.send_alerts_to_inbox();
        world
    });
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // Resets what a failed scenario left behind.
    WORLD.upstream.reset();
    (Lent::Shared(&WORLD), turn)
}

/// Inserts [`MANY`] ended generations into the stopped queue, a second apart, a tenth of them
/// failed.
fn fill(world: &World) {
    let statement = "INSERT INTO entry (user_id, generation_id, epoch, report_number, status, priority, created_at, \
         updated_at, snapshot, sequence, enqueued_at, order_key, stage, upstream, round, unspent, late, submits, cost, \
         price, charges, metrics, waits_since) VALUES (?1, ?2, 1, 1, ?3, 0, ?4, ?4, ?5, ?6, ?4, ?4, 'ended', \
         'veo3/veo-3.1-generate-001', 0, 0, 0, 1, 0, 0, '[]', '{}', ?4)";
    let mut database = queue(world);
    let transaction = database.transaction().expect("a transaction");
    let begin = i64::try_from(now()).expect("a time") - MANY * 1000;
    for number in 0..MANY {
        let (user, id, at) = (
            format!("user-{}", number % 7),
            format!("many-{number}"),
            begin + number * 1000,
        );
        let status = if number % 10 == 0 {
            "failed"
        } else {
            "completed"
        };
        let time = chrono::DateTime::from_timestamp_millis(at).expect("a time");
        let snapshot = json!({
            "id": id, "generationId": id, "userId": user, "status": status, "phase": "done", "progress": 100,
            "prompt": format!("Number {number} of many"), "parameters": {}, "provider": "veo3",
            "model": "veo-3.1-generate-001", "priority": 0, "attempts": 1, "createdAt": time.to_rfc3339(),
            "updatedAt": time.to_rfc3339(),
        });
        let row = params![user, id, status, at, snapshot.to_string(), number + 1];
        transaction.execute(statement, row).expect("a row");
    }
    transaction.commit().expect("the rows are kept");
}

/// The queue's own database, found by its table.
fn queue(world: &World) -> Connection {
    let databases = world.worker.databases("QueueManager");
    let holds = |database: &Connection| database.prepare("SELECT 1 FROM entry LIMIT 1").is_ok();
    let mut opened = databases
        .iter()
        .filter_map(|path| Connection::open(path).ok());
    opened.find(holds).expect("the queue's database")
}
