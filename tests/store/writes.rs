//! What is written costs: every row of a table or an index that a statement touches is paid for.

use crate::catalogue::policy;
use crate::lives;
use crate::plans::filled;
use crate::sqlite::Sqlite;
use reelay::machine::job::Note;
use reelay::machine::lease::Lease;
use reelay::machine::queue::{self, Card, Entry, Input, Mode, Place, Policy, Rows, Terms};
use reelay::machine::{JobKey, Moment, Status};
use reelay::store::job;
use reelay::store::queue::QueueStore;

#[test]
fn an_entry_as_it_is_stored_is_not_written_again() {
    let sql = Sqlite::new();
    let mut store = filled(&sql);
    for key in ["job-0", "job-1", "job-2", "job-3", "job-4", "job-5"] {
        let entry = find(&store, key);
        assert_eq!(sql.writes(|| _ = store.save(&entry).unwrap()), [""; 0], "{key}");
    }
}

#[test]
fn a_change_of_an_entry_names_the_columns_that_change_and_no_other() {
    let sql = Sqlite::new();
    let mut store = filled(&sql);
    let mut entry = find(&store, "job-3");
    entry.card.status = Status::Processing;
    let writes = sql.writes(|| _ = store.save(&entry).unwrap());
    assert_eq!(writes, ["UPDATE entry SET status = ? WHERE user_id = ? AND generation_id = ?"]);
    assert_eq!(find(&store, "job-3"), entry);
    entry.place = Place::Held(Lease { epoch: 1, until: 9, granted_at: 1 });
    entry.card.updated_at = 9;
    let writes = sql.writes(|| _ = store.save(&entry).unwrap());
    assert_eq!(writes, ["UPDATE entry SET updated_at = ?, lease_until = ? WHERE user_id = ? AND generation_id = ?"]);
    assert_eq!(find(&store, "job-3"), entry);
}

#[test]
fn an_order_that_starts_at_once_has_its_row_written_once() {
    let sql = Sqlite::new();
    let mut store = QueueStore::open(sql.clone()).unwrap();
    let policy = Policy { mode: Mode::Immediate, slots: 1, ..policy() };
    let mut order = |name| {
        let card = Card { key: JobKey::new("ann", name), ..find(&filled(&Sqlite::new()), "job-1").card };
        let input = Input::Enqueue { card, promised: false, terms: Terms::default() };
        let moment = Moment { now: 9_000, random: 0 };
        let writes = sql.writes(|| drop(queue::step(&mut store, input, moment, &policy).unwrap()));
        // One for the entry, one for the book with its minute; the minute before is filed if there is one.
        assert!(!writes.iter().any(|statement| statement.contains(" INTO metrics") && statement.contains("VALUES")));
        let of_entry = writes.into_iter().filter(|statement| statement.contains(" entry "));
        (of_entry.count(), find(&store, name).place)
    };
    assert_eq!(order("first"), (1, Place::Held(Lease::grant(1, 9_000))));
    assert_eq!(order("second"), (1, Place::Waiting));
}

#[test]
fn a_job_takes_two_tables_and_neither_a_count_of_versions_nor_one_of_numbers() {
    let sql = Sqlite::new();
    let note = Note { at: 1, step: "created".to_owned(), detail: None };
    job::save(&sql, &lives::queued(), &[note]).unwrap();
    assert_eq!(sql.texts("SELECT name FROM sqlite_master ORDER BY name"), ["job", "timeline"]);
}

#[test]
fn a_step_of_a_job_is_one_write_for_its_record_and_one_for_each_note() {
    let sql = Sqlite::new();
    job::save(&sql, &lives::queued(), &[]).unwrap();
    let notes = ["stored", "completed"].map(|step| Note { at: 1, step: step.to_owned(), detail: None });
    assert_eq!(sql.writes(|| job::save(&sql, &lives::queued(), &notes).unwrap()).len(), 3);
}

fn find(store: &QueueStore<Sqlite>, name: &str) -> Entry {
    store.find(&JobKey::new("ann", name)).unwrap().unwrap()
}
