//! The queue's lists and counts.

use crate::put::Put as _;
use crate::sqlite::Sqlite;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::alerts::AlertPolicy;
use reelay::machine::lease::Lease;
use reelay::machine::metrics::Metrics;
use reelay::machine::queue::{Book, Charge, Entry, Mode, Policy, Rows, Stage, Summary};
use reelay::store::catalogue::Listing;
use reelay::store::cursor::Cursor;
use reelay::store::queue::QueueStore;
use reelay::store::sql::Sql;
use reelay::store::stats::Cost;
use reelay::time::{DAY, MINUTE};
use std::collections::BTreeMap;

#[test]
fn pages_follow_each_other_from_the_newest_on_without_gap_or_repeat() {
    let mut store = store();
    for number in 0..10 {
        // Every two share a millisecond, so that the id decides.
        save(&mut store, number, "ann", Status::Completed, number / 2);
    }
    let (mut pages, mut before) = (Vec::new(), None);
    for _ in 0..4 {
        let page = list(&store, "ann", None, 3, before.as_ref());
        before = page.last().map(cursor_of);
        pages.push(ids(&page).join(" "));
    }
    assert_eq!(
        pages,
        [
            "job-9 job-8 job-7",
            "job-6 job-5 job-4",
            "job-3 job-2 job-1",
            "job-0"
        ]
    );
}

#[test]
fn a_job_accepted_between_two_pages_shifts_nothing() {
    let mut store = store();
    for number in 0..4 {
        save(&mut store, number, "ann", Status::Queued, number);
    }
    let first = list(&store, "ann", None, 2, None);
    save(&mut store, 9, "ann", Status::Queued, 9);
    let second = list(&store, "ann", None, 2, first.last().map(cursor_of).as_ref());
    assert_eq!(
        [ids(&first), ids(&second)].concat(),
        ["job-3", "job-2", "job-1", "job-0"]
    );
}

#[test]
fn the_status_filter_holds_on_every_page() {
    let mut store = store();
    for number in 0..9 {
        let status = if number % 3 == 0 {
            Status::Failed
        } else {
            Status::Completed
        };
        save(&mut store, number, "ann", status, number);
    }
    let first = list(&store, "ann", Some(Status::Failed), 2, None);
    let rest = list(
        &store,
        "ann",
        Some(Status::Failed),
        2,
        first.last().map(cursor_of).as_ref(),
    );
    assert_eq!(
        [ids(&first), ids(&rest)].concat(),
        ["job-6", "job-3", "job-0"]
    );
    assert!(list(&store, "ann", Some(Status::Queued), 2, None).is_empty());
}

#[test]
fn nobody_sees_the_jobs_of_another_user_i7() {
    let mut store = store();
    save(&mut store, 1, "ann", Status::Queued, 1);
    save(&mut store, 2, "ann%", Status::Queued, 2);
    assert_eq!(ids(&list(&store, "ann", None, 9, None)), ["job-1"]);
    assert!(list(&store, "Ann", None, 9, None).is_empty());
    assert!(store.find(&JobKey::new("bob", "job-1")).unwrap().is_none());
}

#[test]
fn the_owners_of_an_id_are_found_and_two_are_enough_to_know_that_it_is_not_one_users() {
    let mut store = store();
    // Two entries never share a place in accept order; these helpers derive it from the number.
    for (number, user) in ["ann", "bob", "cid"].into_iter().enumerate() {
        let summary = Summary {
            key: JobKey::new(user, "shared"),
            ..summary(0, user, Status::Queued, 1)
        };
        store
            .put(&entry(summary, 10 + number as u64, Stage::Waiting))
            .unwrap();
    }
    save(&mut store, 7, "ann", Status::Completed, 1);
    assert_eq!(store.owners("job-7").unwrap(), ["ann"]);
    assert_eq!(store.owners("shared").unwrap(), ["ann", "bob"]);
    assert_eq!(store.owners("nobodys").unwrap(), [""; 0]);
    store.remove(&JobKey::new("ann", "shared")).unwrap();
    store.remove(&JobKey::new("cid", "shared")).unwrap();
    assert_eq!(store.owners("shared").unwrap(), ["bob"]);
}

#[test]
fn a_cursor_survives_the_wire_and_another_text_is_none() {
    for id in ["job-1", "a-b_c", "2f0b"] {
        for user in ["", "ann", "a.b@c|d:e+f"] {
            let written = cursor(1_767_323_045_000, id, user).write();
            assert_eq!(
                Cursor::read(&written),
                Some(cursor(1_767_323_045_000, id, user)),
                "{written}"
            );
        }
    }
    for foreign in ["", "17", "x.job-1", "-1.job-1", "99999999999999999999.a"] {
        assert_eq!(Cursor::read(foreign), None, "{foreign}");
    }
}

#[test]
fn the_figures_count_each_job_once() {
    let mut store = store();
    for (number, status, stage, priority, enqueued_at) in [
        (1, Status::Queued, Stage::Waiting, 0, 1_000),
        (2, Status::Queued, Stage::Waiting, 10, 4_000),
        (3, Status::Queued, Stage::Waiting, 10, 6_000),
        (
            4,
            Status::Processing,
            Stage::Held(Lease {
                epoch: 1,
                until: 9_000,
                granted_at: 500,
            }),
            10,
            500,
        ),
        (5, Status::Completed, Stage::Ended, 0, 100),
        (6, Status::Queued, Stage::Delayed { until: 9_000 }, 0, 200),
        (
            7,
            Status::PendingConfirmation,
            Stage::Watched { until: 9_000 },
            0,
            200,
        ),
    ] {
        let summary = Summary {
            priority,
            ..summary(number, "ann", status, 1)
        };
        store
            .put(&Entry {
                enqueued_at,
                ..entry(summary, number, stage)
            })
            .unwrap();
    }
    let stats = store
        .stats(&store.memory().unwrap(), &policy(), 7_000)
        .unwrap();
    assert_eq!(stats.mode, "alarm");
    assert_eq!(
        (stats.slots.total, stats.slots.used, stats.oldest_wait_ms),
        (3, 1, Some(6_000))
    );
    assert_eq!(
        stats.by_status,
        counts(&[
            ("queued", 4),
            ("processing", 1),
            ("completed", 1),
            ("pending_confirmation", 1)
        ])
    );
    assert_eq!(stats.waiting_by_priority, counts(&[("0", 1), ("10", 2)]));
    assert_eq!(
        stats.cost,
        Some(Cost {
            today: 0.0,
            limit: Some(25.0)
        })
    );
}

#[test]
fn charges_and_limits_are_read_as_they_were_written() {
    let mut store = store();
    let charges = vec![
        Charge {
            day: 20_000,
            micros: 3_200_000,
        },
        Charge {
            day: 20_001,
            micros: 1,
        },
    ];
    let own = Summary {
        cost_micros: 3_200_001,
        submits_per_minute: Some(7),
        ..summary(1, "ann", Status::Completed, 1)
    };
    let saved = Entry {
        charges,
        ..entry(own, 1, Stage::Ended)
    };
    store.put(&saved).unwrap();
    assert_eq!(store.find(&saved.summary.key).unwrap(), Some(saved));
}

#[test]
fn what_a_day_has_spent_is_counted_for_each_user_and_for_all() {
    let mut store = store();
    for (day, user, micros) in [(1, "ann", 5), (1, "bob", 7), (2, "ann", 11), (1, "ann", 13)] {
        store.spend(day, user, micros).unwrap();
    }
    store.give_back(1, "ann", 6).unwrap();
    store.give_back(3, "ann", 6).unwrap();
    let spent = |store: &QueueStore<Sqlite>, day| {
        [Some("ann"), Some("bob"), None].map(|who| store.spent(day, who).unwrap())
    };
    assert_eq!(
        [1, 2, 3].map(|day| spent(&store, day)),
        [[12, 7, 19], [11, 0, 11], [0, 0, 0]]
    );
    assert_eq!(
        store
            .stats(&store.memory().unwrap(), &policy(), 2 * DAY)
            .unwrap()
            .cost
            .map(|cost| cost.today),
        Some(0.000_011)
    );
    store.delete_spending(2).unwrap();
    store.give_back(1, "ann", 1).unwrap();
    assert_eq!(
        [1, 2].map(|day| spent(&store, day)),
        [[0, 0, 0], [11, 0, 11]]
    );
    store.give_back(2, "ann", 12).unwrap();
    assert_eq!(spent(&store, 2), [0, 0, 0], "never below zero");
}

#[test]
fn charges_that_cannot_be_read_are_those_of_nobody() {
    let sql = Sqlite::new();
    let mut store = QueueStore::open(sql.clone()).unwrap();
    save(&mut store, 1, "ann", Status::Queued, 1);
    sql.run("UPDATE entry SET charges = 'not JSON'", Vec::new())
        .unwrap();
    assert_eq!(
        store
            .find(&JobKey::new("ann", "job-1"))
            .unwrap()
            .unwrap()
            .charges,
        []
    );
}

#[test]
fn an_empty_queue_has_no_oldest_wait() {
    let store = store();
    let stats = store
        .stats(&store.memory().unwrap(), &policy(), 7_000)
        .unwrap();
    assert_eq!(
        (
            stats.slots.used,
            stats.oldest_wait_ms,
            stats.jobs_without_timer
        ),
        (0, None, 0)
    );
    assert!(stats.by_status.is_empty() && stats.waiting_by_priority.is_empty());
}

#[test]
fn two_jobs_never_share_a_place_in_accept_order_i6() {
    let mut store = store();
    save(&mut store, 1, "ann", Status::Queued, 1);
    let twin = entry(summary(2, "ann", Status::Queued, 1), 1, Stage::Waiting);
    assert!(store.put(&twin).is_err());
    assert!(store.find(&JobKey::new("ann", "job-1")).unwrap().is_some());
}

#[test]
fn a_job_without_a_timer_is_one_that_was_late_or_does_not_answer_for_a_minute() {
    let silent = |until| {
        [
            Stage::Watched { until },
            Stage::Deleting { until },
            held(until),
        ]
    };
    let now = 10 * MINUTE;
    let over = silent(now - MINUTE - 1);
    let not_yet = silent(now - MINUTE).into_iter().chain(silent(now + MINUTE));
    let nobody_asks = [Stage::Waiting, Stage::Delayed { until: 1 }, Stage::Ended];
    for (places, without) in [
        (over.to_vec(), 3),
        (not_yet.chain(nobody_asks).collect(), 0),
    ] {
        let mut store = store();
        for (number, stage) in (1..).zip(&places) {
            store
                .put(&entry(
                    summary(number, "ann", Status::Completed, 1),
                    number,
                    *stage,
                ))
                .unwrap();
        }
        assert_eq!(
            store
                .stats(&store.memory().unwrap(), &policy(), now)
                .unwrap()
                .jobs_without_timer,
            without
        );
        let late = entry(summary(99, "ann", Status::Completed, 1), 99, Stage::Ended);
        store.put(&Entry { late: true, ..late }).unwrap();
        assert_eq!(
            store
                .stats(&store.memory().unwrap(), &policy(), now)
                .unwrap()
                .jobs_without_timer,
            without + 1
        );
    }
}

#[test]
fn a_listed_entry_says_whether_it_is_in_line() {
    let mut store = store();
    for (number, stage) in (1..).zip([
        Stage::Waiting,
        Stage::Delayed { until: 9 },
        held(9),
        Stage::Ended,
    ]) {
        store
            .put(&entry(
                summary(number, "ann", Status::Queued, number),
                number,
                stage,
            ))
            .unwrap();
    }
    let listed: Vec<bool> = list(&store, "ann", None, 9, None)
        .iter()
        .map(Entry::is_in_line)
        .collect();
    assert_eq!(listed, [false, false, true, true]);
}

#[test]
fn a_book_that_cannot_be_read_is_an_empty_one() {
    let sql = Sqlite::new();
    let store = QueueStore::open(sql.clone()).unwrap();
    sql.run(
        "INSERT INTO book (id, record) VALUES (1, 'not JSON')",
        Vec::new(),
    )
    .unwrap();
    assert_eq!(store.memory().unwrap().book, Book::default());
}

fn held(until: u64) -> Stage {
    Stage::Held(Lease {
        epoch: 1,
        until,
        granted_at: 1,
    })
}

pub(crate) fn policy() -> Policy {
    Policy {
        mode: Mode::Alarm,
        slots: 3,
        user_slots: 3,
        max_waiting: 100,
        submits_per_minute: 50,
        max_cost_per_day: Some(25_000_000),
        max_cost_per_user_per_day: None,
        retention: 7 * DAY,
        alerts: AlertPolicy::OFF,
    }
}

fn entry(summary: Summary, sequence: u64, stage: Stage) -> Entry {
    Entry {
        summary,
        sequence,
        enqueued_at: 1,
        waits_since: 1,
        round: sequence,
        unspent: false,
        late: false,
        charges: Vec::new(),
        stage,
    }
}

fn store() -> QueueStore<Sqlite> {
    QueueStore::open(Sqlite::new()).unwrap()
}

fn save(store: &mut QueueStore<Sqlite>, number: u64, user: &str, status: Status, created_at: u64) {
    let stage = if status.is_terminal() {
        Stage::Ended
    } else {
        Stage::Waiting
    };
    let summary = summary(number, user, status, created_at);
    store
        .put(&Entry {
            enqueued_at: created_at,
            ..entry(summary, number, stage)
        })
        .unwrap();
}

fn summary(number: u64, user: &str, status: Status, created_at: u64) -> Summary {
    Summary {
        key: JobKey::new(user, format!("job-{number}")),
        epoch: 1,
        report_number: 0,
        status,
        priority: 0,
        created_at,
        updated_at: created_at,
        upstream: "veo3/veo-3.1".to_owned(),
        submits: 0,
        cost_micros: 0,
        price_micros: 0,
        submits_per_minute: None,
        metrics: Metrics::default(),
        snapshot: "{}".to_owned(),
        deliveries: Vec::new(),
        settled: false,
    }
}

fn cursor(created_at: u64, id: &str, user_id: &str) -> Cursor {
    Cursor {
        created_at,
        id: id.to_owned(),
        user_id: user_id.to_owned(),
    }
}

fn list(
    store: &QueueStore<Sqlite>,
    user_id: &str,
    status: Option<Status>,
    limit: u32,
    after: Option<&Cursor>,
) -> Vec<Entry> {
    let after = after.cloned();
    store
        .list(&Listing {
            user_id: Some(user_id),
            status,
            search: None,
            limit,
            after,
        })
        .unwrap()
        .entries
}

fn cursor_of(entry: &Entry) -> Cursor {
    Cursor::of(&entry.summary)
}

fn ids(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| entry.summary.key.generation_id.clone())
        .collect()
}

fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}
