//! A database reaches the newest schema from wherever it was left.

use crate::lives;
use crate::sqlite::Sqlite;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::job::Note;
use reelay::machine::lease::Lease;
use reelay::machine::queue;
use reelay::machine::queue::{Card, Entry, Errand, Input, Mode, Place, Policy, Rows};
use reelay::machine::tally::{Count, Tally};
use reelay::store::catalogue::Listing;
use reelay::store::job;
use reelay::store::queue::QueueStore;
use reelay::store::sql::Sql;
use reelay::time::{DAY, Moment, SECOND};
use std::collections::BTreeMap;

/// A queue as version 1 left it: the schema's statements of that version, and a job in each place.
const VERSION_1: &str = r#"
    CREATE TABLE schema_version (version INTEGER NOT NULL);
    CREATE TABLE entry (
        user_id TEXT NOT NULL, generation_id TEXT NOT NULL,
        epoch INTEGER NOT NULL, report_number INTEGER NOT NULL, status TEXT NOT NULL, priority INTEGER NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, snapshot TEXT NOT NULL,
        sequence INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, order_key INTEGER NOT NULL,
        place TEXT NOT NULL, lease_epoch INTEGER, lease_until INTEGER,
        PRIMARY KEY (user_id, generation_id)
    );
    CREATE UNIQUE INDEX entry_by_sequence ON entry (sequence);
    CREATE INDEX entry_waiting ON entry (order_key, sequence) WHERE place = 'waiting';
    CREATE INDEX entry_held ON entry (lease_until) WHERE place = 'held';
    CREATE INDEX entry_by_user ON entry (user_id, created_at, generation_id);
    INSERT INTO schema_version (version) VALUES (1);
    INSERT INTO entry VALUES
        ('ann', 'ended', 1, 2, 'completed', 0, 1000, 3000, '{"provider":"veo3","model":"veo-3.1"}', 1, 1000, 1000, 'ended', NULL, NULL),
        ('ann', 'held', 2, 3, 'processing', 0, 2000, 4000, '{"provider":"veo3","model":"veo-3.1"}', 2, 2000, 2000, 'held', 2, 9000),
        ('ann', 'first', 1, 0, 'queued', 0, 3000, 3000, '{"provider":"veo3","model":"veo-3.1-fast"}', 3, 3000, 3000, 'waiting', NULL, NULL),
        ('ann', 'second', 1, 0, 'queued', 0, 4000, 4000, 'no JSON', 4, 4000, 4000, 'waiting', NULL, NULL),
        ('bob', 'third', 1, 0, 'queued', 0, 5000, 5000, '{"model":"veo-3.1"}', 5, 5000, 5000, 'waiting', NULL, NULL),
        ('bob', 'hasty', 1, 0, 'queued', 10, 6000, 6000, '{"provider":"veo3","model":"veo-3.1"}', 6, 6000, -594000, 'waiting', NULL, NULL);
"#;

/// What version 2 added to it.
const VERSION_2: &str = "
    ALTER TABLE entry ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entry ADD COLUMN unspent INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entry ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entry ADD COLUMN upstream TEXT NOT NULL DEFAULT '';
    ALTER TABLE entry ADD COLUMN submits INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entry ADD COLUMN lease_granted INTEGER;
    CREATE TABLE book (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
    UPDATE entry SET upstream = 'veo3/veo-3.1', round = sequence, submits = 1;
    INSERT INTO schema_version (version) VALUES (2);
";

/// What version 3 added to that.
const VERSION_3: &str = "
    ALTER TABLE entry ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entry ADD COLUMN price INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entry ADD COLUMN per_minute INTEGER;
    ALTER TABLE entry ADD COLUMN charges TEXT NOT NULL DEFAULT '[]';
    CREATE TABLE spending (day INTEGER NOT NULL, user_id TEXT NOT NULL, micros INTEGER NOT NULL, PRIMARY KEY (day, user_id));
    INSERT INTO schema_version (version) VALUES (3);
";

/// A job's database as the first build made it, with one step.
const FIRST_JOB: &str = "
    CREATE TABLE schema_version (version INTEGER NOT NULL);
    CREATE TABLE job (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
    CREATE TABLE timeline (number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, step TEXT NOT NULL, detail TEXT);
    INSERT INTO schema_version (version) VALUES (1);
    INSERT INTO timeline (at, step) VALUES (7, 'first');
";

/// The same of the builds that no longer counted versions.
const SECOND_JOB: &str = "
    CREATE TABLE timeline (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, step TEXT NOT NULL, detail TEXT);
    CREATE TABLE job (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
    INSERT INTO timeline (at, step) VALUES (7, 'first');
";

/// More statements than all migrations of one object have.
const MORE_THAN_ALL: u32 = 100;

#[test]
fn opening_the_queue_again_changes_nothing() {
    let sql = Sqlite::new();
    open_queue(&sql);
    let schema = sql.schema();
    open_queue(&sql);
    assert_eq!(sql.schema(), schema);
    assert_eq!(versions(&sql), ["1", "2", "3", "4", "5", "6", "7"]);
}

#[test]
fn a_queue_cut_off_after_any_statement_of_its_migrations_is_completed_by_the_next_opening() {
    assert_cut_offs_heal(open_queue, |sql| QueueStore::open(sql.clone()).is_ok());
}

#[test]
fn a_job_cut_off_after_any_statement_of_its_first_save_is_completed_by_the_next_one() {
    assert_cut_offs_heal(save_job, |sql| job::save(sql, &lives::queued(), &[]).is_ok());
}

#[test]
fn a_job_cut_off_within_its_migrations_is_none_yet() {
    for statements in 0..4 {
        let sql = Sqlite::new();
        sql.cut_off_after(Some(statements));
        assert!(job::save(&sql, &lives::queued(), &[]).is_err());
        sql.cut_off_after(None);
        assert!(job::load(&sql).unwrap().is_none(), "after {statements} statements");
    }
}

#[test]
fn a_job_of_an_earlier_build_goes_on_in_its_own_tables_i11() {
    for earlier in [FIRST_JOB, SECOND_JOB] {
        let sql = Sqlite::new();
        sql.run(earlier, Vec::new()).unwrap();
        assert!(job::load(&sql).unwrap().is_none());
        let schema = sql.schema();
        let note = |step: &str, detail: Option<&str>| Note {
            at: 7,
            step: step.to_owned(),
            detail: detail.map(ToOwned::to_owned),
        };
        job::save(&sql, &lives::queued(), &[note("second", Some("why")), note("third", None)]).unwrap();
        let (_, later) = lives::all().pop().unwrap();
        job::save(&sql, &later, &[]).unwrap();
        assert_eq!(job::load(&sql).unwrap(), Some(later));
        let whole = [note("first", None), note("second", Some("why")), note("third", None)];
        assert_eq!(job::timeline(&sql).unwrap(), whole);
        let page = job::timeline_after(&sql, 1, 1).unwrap().remove(0);
        assert_eq!((page.number, page.note), (2, whole[1].clone()));
        assert_eq!((job::last_number(&sql).unwrap(), sql.schema()), (3, schema));
    }
}

#[test]
fn a_job_of_an_earlier_build_cut_off_before_its_record_is_as_it_was_i11() {
    let sql = Sqlite::new();
    sql.run(SECOND_JOB, Vec::new()).unwrap();
    job::save(&sql, &lives::queued(), &[]).unwrap();
    let (_, later) = lives::all().pop().unwrap();
    // The look for the table takes one statement, the note another.
    sql.cut_off_after(Some(2));
    assert!(job::save(&sql, &later, &[Note { at: 1, step: "lost".to_owned(), detail: None }]).is_err());
    sql.cut_off_after(None);
    assert_eq!(job::load(&sql).unwrap(), Some(lives::queued()));
}

#[test]
fn a_job_of_an_earlier_build_cut_off_before_it_had_its_tables_begins_as_a_new_one() {
    let sql = Sqlite::new();
    let (timeline, _) = SECOND_JOB.split_once(';').unwrap();
    sql.run(timeline, Vec::new()).unwrap();
    assert!(job::load(&sql).unwrap().is_none() && job::timeline(&sql).unwrap().is_empty());
    let notes = [Note { at: 1, step: "created".to_owned(), detail: None }];
    job::save(&sql, &lives::queued(), &notes).unwrap();
    assert_eq!((job::load(&sql).unwrap(), job::timeline(&sql).unwrap()), (Some(lives::queued()), notes.to_vec()));
}

#[test]
fn a_queue_of_version_1_keeps_its_jobs_and_their_places_i11() {
    let sql = version_1();
    let store = QueueStore::open(sql.clone()).unwrap();
    assert_eq!(versions(&sql), ["1", "2", "3", "4", "5", "6", "7"]);
    let find = |user, name| store.find(&JobKey::new(user, name)).unwrap().unwrap();
    let first = Entry {
        card: Card {
            key: JobKey::new("ann", "first"),
            epoch: 1,
            report_number: 0,
            status: Status::Queued,
            priority: 0,
            created_at: 3_000,
            updated_at: 3_000,
            upstream: "veo3/veo-3.1-fast".to_owned(),
            submits: 0,
            cost_micros: 0,
            price_micros: 0,
            submits_per_minute: None,
            tally: Tally::default(),
            snapshot: r#"{"provider":"veo3","model":"veo-3.1-fast"}"#.to_owned(),
            deliveries: Vec::new(),
            settled: false,
        },
        sequence: 3,
        enqueued_at: 3_000,
        waits_since: 0,
        round: 0,
        unspent: false,
        late: false,
        charges: Vec::new(),
        former: BTreeMap::new(),
        place: Place::Waiting,
    };
    assert_eq!(find("ann", "first"), first);
    assert_eq!(find("ann", "held").place, Place::Held(Lease { epoch: 2, until: 9_000, granted_at: 0 }));
    assert_eq!(find("ann", "ended").place, Place::Watched { until: 3_000 }, "nobody noted what it had left to do");
    assert_eq!(find("ann", "second").card.upstream, "", "its snapshot is no JSON");
    assert_eq!(find("bob", "third").card.upstream, "", "its snapshot names no provider");
}

#[test]
fn after_version_1_jobs_start_in_the_order_they_stood_in_and_before_new_ones_i6() {
    let mut store = QueueStore::open(version_1()).unwrap();
    let policy = policy();
    let mut now = 10_000;
    let mut take = |input| {
        now += SECOND;
        queue::step(&mut store, input, Moment { now, random: 0 }, &policy).unwrap()
    };
    take(Input::Enqueue { card: queued("cid", "new"), promised: true, terms: queue::Terms::default() });
    let asks = take(Input::Alarm).asks;
    let errands: Vec<(&str, Errand)> = asks.iter().map(|ask| (ask.key.generation_id.as_str(), ask.errand)).collect();
    assert_eq!(errands, [("held", Errand::Start), ("ended", Errand::Check)]);
    let mut ends = Card { epoch: 2, report_number: 4, created_at: asks[0].created_at, ..queued("ann", "held") };
    let mut order = Vec::new();
    loop {
        take(Input::Report { card: Card { status: Status::Completed, ..ends }, availability: None });
        let asks = take(Input::Alarm).asks;
        let Some(next) = asks.into_iter().find(|ask| ask.errand == Errand::Start) else { break };
        order.push(next.key.generation_id.clone());
        let job = queued(&next.key.user_id, &next.key.generation_id);
        ends = Card { report_number: 1, created_at: next.created_at, ..job };
    }
    assert_eq!(order, ["hasty", "first", "second", "third", "new"]);
}

#[test]
fn a_slot_of_version_1_does_not_count_as_held_since_the_beginning_of_time() {
    let mut store = QueueStore::open(version_1()).unwrap();
    let policy = policy();
    let now = 1_800_000_000_000;
    let moment = Moment { now, random: 0 };
    let held = store.find(&JobKey::new("ann", "held")).unwrap().unwrap().card;
    let ended = Card { report_number: 4, status: Status::Completed, ..held };
    queue::step(&mut store, Input::Report { card: ended, availability: None }, moment, &policy).unwrap();
    let standing = queue::standing(&store, &JobKey::new("ann", "first"), &policy, now).unwrap().unwrap();
    assert_eq!(standing.estimated_start, Some(now + 60 * SECOND));
}

#[test]
fn a_queue_of_version_1_cut_off_after_any_statement_is_completed_by_the_next_opening_i11() {
    let entries = |sql: &Sqlite| sql.texts("SELECT group_concat(generation_id || place || upstream) FROM entry");
    let expected = version_1();
    open_queue(&expected);
    for statements in 0..MORE_THAN_ALL {
        let sql = version_1();
        sql.cut_off_after(Some(statements));
        let whole = QueueStore::open(sql.clone()).is_ok();
        sql.cut_off_after(None);
        open_queue(&sql);
        assert_eq!(sql.schema(), expected.schema(), "after {statements} statements");
        assert_eq!(entries(&sql), entries(&expected), "after {statements} statements");
        assert_eq!(versions(&sql), ["1", "2", "3", "4", "5", "6", "7"]);
        if whole {
            assert!(statements > 15, "only {statements} statements");
            return;
        }
    }
    panic!("more statements than there are");
}

#[test]
fn a_queue_of_version_2_has_charged_nothing_yet_and_charges_what_it_hears_next_i11() {
    let sql = version_1();
    sql.run(VERSION_2, Vec::new()).unwrap();
    let mut store = QueueStore::open(sql.clone()).unwrap();
    assert_eq!(versions(&sql), ["1", "2", "3", "4", "5", "6", "7"]);
    let held = store.find(&JobKey::new("ann", "held")).unwrap().unwrap();
    assert_eq!((held.card.cost_micros, held.card.price_micros, held.charges.len()), (0, 0, 0));
    assert_eq!((held.round, held.card.submits_per_minute, store.spent(20_000, None).unwrap()), (2, None, 0));
    let card = Card { report_number: 4, cost_micros: 7, price_micros: 9, ..held.card };
    let moment = Moment { now: 20_000 * DAY, random: 0 };
    queue::step(&mut store, Input::Report { card, availability: None }, moment, &policy()).unwrap();
    assert_eq!([Some("ann"), None, Some("bob")].map(|whose| store.spent(20_000, whose).unwrap()), [7, 7, 0]);
}

#[test]
fn a_queue_of_version_3_lists_everything_and_hears_of_the_events_of_what_had_ended_i11() {
    let sql = version_1();
    sql.run(VERSION_2, Vec::new()).unwrap();
    sql.run(VERSION_3, Vec::new()).unwrap();
    let mut store = QueueStore::open(sql.clone()).unwrap();
    assert_eq!(versions(&sql), ["1", "2", "3", "4", "5", "6", "7"]);
    let all = store.list(&Listing { limit: 9, ..Listing::default() }).unwrap();
    assert_eq!(all.entries.len(), 6);
    assert!(store.list_deliveries(None, 9, None).unwrap().0.is_empty());
    assert!(!store.book().unwrap().is_paused());
    let step = queue::step(&mut store, Input::Alarm, Moment { now: 10_000, random: 0 }, &policy()).unwrap();
    let asked: Vec<_> = step.asks.iter().map(|ask| (ask.key.generation_id.as_str(), ask.errand)).collect();
    assert_eq!(asked, [("held", Errand::Start), ("ended", Errand::Check)]);
}

#[test]
fn a_queue_of_version_3_counts_from_now_on_and_knows_who_was_accepted_before_i11_i18() {
    let sql = version_1();
    sql.run(VERSION_2, Vec::new()).unwrap();
    sql.run(VERSION_3, Vec::new()).unwrap();
    let mut store = QueueStore::open(sql.clone()).unwrap();
    assert_eq!(versions(&sql), ["1", "2", "3", "4", "5", "6", "7"]);
    let held = store.find(&JobKey::new("ann", "held")).unwrap().unwrap();
    assert!(held.card.tally.is_empty() && held.former.is_empty() && held.waits_since == 0);
    let mut tally = Tally::default();
    tally.count(Count::RateLimited, 2);
    let card = Card { report_number: 4, status: Status::Completed, tally, ..held.card };
    let moment = Moment { now: 20_000 * DAY, random: 0 };
    queue::step(&mut store, Input::Report { card, availability: None }, moment, &policy()).unwrap();
    let counted = queue::totals(&store).unwrap().whole();
    let counts = [Count::Accepted, Count::Started, Count::RateLimited].map(|count| counted.of(count));
    assert_eq!(counts, [0, 1, 2], "the next one in line got its slot");
}

fn policy() -> Policy {
    Policy {
        mode: Mode::Immediate,
        slots: 1,
        user_slots: 1,
        max_waiting: 100,
        submits_per_minute: 50,
        max_cost_per_day: None,
        max_cost_per_user_per_day: None,
    }
}

fn version_1() -> Sqlite {
    let sql = Sqlite::new();
    sql.run(VERSION_1, Vec::new()).unwrap();
    sql
}

fn queued(user: &str, name: &str) -> Card {
    Card {
        key: JobKey::new(user, name),
        epoch: 1,
        report_number: 0,
        status: Status::Queued,
        priority: 0,
        created_at: 0,
        updated_at: 0,
        upstream: "veo3/veo-3.1".to_owned(),
        submits: 0,
        cost_micros: 0,
        price_micros: 0,
        submits_per_minute: None,
        tally: Tally::default(),
        snapshot: "{}".to_owned(),
        deliveries: Vec::new(),
        settled: false,
    }
}

fn open_queue(sql: &Sqlite) {
    QueueStore::open(sql.clone()).unwrap();
}

fn save_job(sql: &Sqlite) {
    job::save(sql, &lives::queued(), &[]).unwrap();
}

/// Cuts `attempt` off after each of its statements and has `whole` run then.
fn assert_cut_offs_heal(whole: fn(&Sqlite), attempt: fn(&Sqlite) -> bool) {
    let expected = Sqlite::new();
    whole(&expected);
    let mut cut_offs = 0;
    for statements in 0..MORE_THAN_ALL {
        let sql = Sqlite::new();
        sql.cut_off_after(Some(statements));
        if attempt(&sql) {
            break;
        }
        cut_offs += 1;
        sql.cut_off_after(None);
        whole(&sql);
        assert_eq!(sql.schema(), expected.schema(), "after {statements} statements");
        assert_eq!(versions(&sql), versions(&expected), "after {statements} statements");
    }
    assert!((3..MORE_THAN_ALL).contains(&cut_offs), "{cut_offs} cut-offs");
}

/// None where versions are not counted.
fn versions(sql: &Sqlite) -> Vec<String> {
    if sql.texts("SELECT name FROM sqlite_master WHERE name = 'schema_version'").is_empty() {
        return Vec::new();
    }
    sql.texts("SELECT CAST(version AS TEXT) FROM schema_version ORDER BY version")
}
