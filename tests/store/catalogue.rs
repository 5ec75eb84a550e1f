//! What the queue lists and counts.

use crate::sqlite::Sqlite;
use reelay::machine::lease::Lease;
use reelay::machine::queue::{Card, Entry, Place, Rows};
use reelay::machine::{JobKey, Status};
use reelay::store::queue::{Cursor, QueueStore};
use std::collections::BTreeMap;

#[test]
fn pages_follow_each_other_from_the_newest_on_without_gap_or_repeat() {
    let mut store = store();
    for number in 0..10 {
        // Two at a time are of one millisecond: then the id decides.
        save(&mut store, number, "ann", Status::Completed, number / 2);
    }
    let (mut pages, mut before) = (Vec::new(), None);
    for _ in 0..4 {
        let page = store.list("ann", None, 3, before.as_ref()).unwrap();
        before = page.last().map(Cursor::of);
        pages.push(ids(&page).join(" "));
    }
    assert_eq!(pages, ["job-9 job-8 job-7", "job-6 job-5 job-4", "job-3 job-2 job-1", "job-0"]);
}

#[test]
fn a_job_accepted_between_two_pages_shifts_nothing() {
    let mut store = store();
    for number in 0..4 {
        save(&mut store, number, "ann", Status::Queued, number);
    }
    let first = store.list("ann", None, 2, None).unwrap();
    save(&mut store, 9, "ann", Status::Queued, 9);
    let second = store.list("ann", None, 2, first.last().map(Cursor::of).as_ref()).unwrap();
    assert_eq!([ids(&first), ids(&second)].concat(), ["job-3", "job-2", "job-1", "job-0"]);
}

#[test]
fn the_status_filter_holds_on_every_page() {
    let mut store = store();
    for number in 0..9 {
        let status = if number % 3 == 0 { Status::Failed } else { Status::Completed };
        save(&mut store, number, "ann", status, number);
    }
    let first = store.list("ann", Some(Status::Failed), 2, None).unwrap();
    let rest = store.list("ann", Some(Status::Failed), 2, first.last().map(Cursor::of).as_ref()).unwrap();
    assert_eq!([ids(&first), ids(&rest)].concat(), ["job-6", "job-3", "job-0"]);
    assert!(store.list("ann", Some(Status::Queued), 2, None).unwrap().is_empty());
}

#[test]
fn nobody_sees_the_jobs_of_another_user_i7() {
    let mut store = store();
    save(&mut store, 1, "ann", Status::Queued, 1);
    save(&mut store, 2, "ann%", Status::Queued, 2);
    assert_eq!(ids(&store.list("ann", None, 9, None).unwrap()), ["job-1"]);
    assert!(store.list("Ann", None, 9, None).unwrap().is_empty());
    assert!(store.find(&JobKey::new("bob", "job-1")).unwrap().is_none());
}

#[test]
fn a_cursor_survives_the_wire_and_another_text_is_none() {
    for id in ["job-1", "a.b.c", "2f0b"] {
        let written = cursor(1_767_323_045_000, id).write();
        assert_eq!(Cursor::read(&written), Some(cursor(1_767_323_045_000, id)), "{written}");
    }
    for foreign in ["", "17", "x.job-1", "-1.job-1", "99999999999999999999.a"] {
        assert_eq!(Cursor::read(foreign), None, "{foreign}");
    }
}

#[test]
fn the_figures_count_each_job_once() {
    let mut store = store();
    for (number, status, place, priority, enqueued_at) in [
        (1, Status::Queued, Place::Waiting, 0, 1_000),
        (2, Status::Queued, Place::Waiting, 10, 4_000),
        (3, Status::Queued, Place::Waiting, 10, 6_000),
        (4, Status::Processing, Place::Held(Lease { epoch: 1, until: 9_000 }), 10, 500),
        (5, Status::Completed, Place::Ended, 0, 100),
    ] {
        let card = Card { priority, ..card(number, "ann", status, 1) };
        store.save(&Entry { card, sequence: number, enqueued_at, place }).unwrap();
    }
    let stats = store.stats("immediate", 3, 7_000).unwrap();
    assert_eq!((stats.slots.total, stats.slots.used, stats.oldest_wait_ms), (3, 1, Some(6_000)));
    assert_eq!(stats.by_status, counts(&[("queued", 3), ("processing", 1), ("completed", 1)]));
    assert_eq!(stats.waiting_by_priority, counts(&[("0", 1), ("10", 2)]));
}

#[test]
fn an_empty_queue_has_no_oldest_wait() {
    let stats = store().stats("immediate", 3, 7_000).unwrap();
    assert_eq!((stats.slots.used, stats.oldest_wait_ms), (0, None));
    assert!(stats.by_status.is_empty() && stats.waiting_by_priority.is_empty());
}

#[test]
fn two_jobs_never_share_a_place_in_accept_order_i6() {
    let mut store = store();
    save(&mut store, 1, "ann", Status::Queued, 1);
    let twin = Entry { card: card(2, "ann", Status::Queued, 1), sequence: 1, enqueued_at: 1, place: Place::Waiting };
    assert!(store.save(&twin).is_err());
    assert!(store.find(&JobKey::new("ann", "job-1")).unwrap().is_some());
}

fn store() -> QueueStore<Sqlite> {
    QueueStore::open(Sqlite::new()).unwrap()
}

fn save(store: &mut QueueStore<Sqlite>, number: u64, user: &str, status: Status, created_at: u64) {
    let place = if status.is_terminal() { Place::Ended } else { Place::Waiting };
    let card = card(number, user, status, created_at);
    store.save(&Entry { card, sequence: number, enqueued_at: created_at, place }).unwrap();
}

fn card(number: u64, user: &str, status: Status, created_at: u64) -> Card {
    Card {
        key: JobKey::new(user, format!("job-{number}")),
        epoch: 1,
        report_number: 0,
        status,
        priority: 0,
        created_at,
        updated_at: created_at,
        snapshot: "{}".to_owned(),
    }
}

fn cursor(created_at: u64, id: &str) -> Cursor {
    Cursor { created_at, generation_id: id.to_owned() }
}

fn ids(cards: &[Card]) -> Vec<String> {
    cards.iter().map(|card| card.key.generation_id.clone()).collect()
}

fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}
