//! A long line makes no step more expensive than a short one does, and every job knows its place.

use crate::catalogue::policy;
use crate::plans::filled;
use crate::rows::MapRows;
use crate::sqlite::Sqlite;
use reelay::ids::JobKey;
use reelay::machine::lease::Lease;
use reelay::machine::limiter::Availability;
use reelay::machine::queue::{
    Alarm, Claim, Enqueue, Entry, GetPosition, Input, Mode, Policy, Report, Rows, Stage, Summary,
    Terms,
};
use reelay::machine::{Status, queue};
use reelay::store::queue::QueueStore;
use reelay::store::sql::Sql;
use reelay::time::Moment;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How many users the waiting jobs belong to.
const USERS: u64 = 100;
const NOW: u64 = 1_800_000_000_000;
static LIKE: LazyLock<Entry> = LazyLock::new(|| {
    filled(&Sqlite::new())
        .find(&JobKey::new("ann", "job-1"))
        .unwrap()
        .unwrap()
});

#[test]
fn a_step_counts_those_who_wait_once_at_most() {
    const OF_ONE: u64 = 5;
    let (short, long) = (work(1_000), work(20_000));
    for (name, steps) in &short {
        let most = steps + steps / 10 + OF_ONE * 19_000;
        assert!(
            long[name] <= most,
            "{name}: {} steps of the database instead of {steps}",
            long[name]
        );
    }
}

/// The most work that any step of each kind takes with `depth` jobs waiting.
fn work(depth: u64) -> BTreeMap<&'static str, u64> {
    let sql = Sqlite::new();
    let policy = Policy {
        mode: Mode::Immediate,
        slots: 2,
        user_slots: 1,
        max_waiting: 2 * depth,
        ..policy()
    };
    let mut meter = Meter {
        sql: &sql,
        store: waiting(&sql, depth),
        policy,
        most: BTreeMap::new(),
    };
    // The numbers do not exist yet: the first step counts them.
    meter.take(
        "the first step",
        GetPosition {
            key: JobKey::new("nobody", "nothing"),
        },
    );
    // Any place in line: the last job of the short line is at the end of a full section.
    for number in (1..=200).map(|part| depth * part / 200) {
        let key = JobKey::new(format!("user-{}", number % USERS), format!("old-{number}"));
        meter.take("a question", GetPosition { key });
    }
    let mut newest = None;
    // Enough to split a section in both lines.
    for number in 0..1_100 {
        let summary = summary(
            &format!("user-{}", number % USERS),
            &format!("new-{number}"),
            number,
        );
        newest = Some(summary.clone());
        meter.take(
            "an order",
            Enqueue {
                summary,
                terms: Terms::default(),
            },
        );
    }
    meter.take(
        "a message of the platform's queue",
        Claim {
            key: JobKey::new("user-1", "old-1"),
        },
    );
    meter.take("an alarm", Alarm);
    let cancelled = Summary {
        report_number: 1,
        status: Status::Cancelled,
        ..newest.unwrap()
    };
    meter.take(
        "a cancellation",
        Report {
            summary: cancelled,
            availability: None,
        },
    );
    let ended = Summary {
        report_number: 1,
        status: Status::Completed,
        ..summary("holder", "holder", 0)
    };
    meter.take(
        "an end, and the next one's start",
        Report {
            summary: ended,
            availability: None,
        },
    );
    meter.take_with_the_upstream_shut();
    meter.most.remove("the first step");
    meter.most
}

struct Meter<'a> {
    sql: &'a Sqlite,
    store: QueueStore<Sqlite>,
    policy: Policy,
    most: BTreeMap<&'static str, u64>,
}

impl Meter<'_> {
    fn take<I: Input>(&mut self, name: &'static str, input: I) {
        let moment = Moment {
            now: NOW,
            random: 0,
        };
        let (store, policy) = (&mut self.store, &self.policy);
        let steps = self
            .sql
            .steps(|| drop(queue::step(store, input, moment, policy).unwrap()));
        let most = self.most.entry(name).or_default();
        *most = steps.max(*most);
    }

    fn take_with_the_upstream_shut(&mut self) {
        // Slots are free, but no job may use them. A new job is near the front of either line.
        let told = Summary {
            report_number: 2,
            submits: 1,
            ..summary("holder", "holder", 0)
        };
        self.take(
            "a back-off",
            Report {
                summary: told,
                availability: Some(Availability::NotNow {
                    after: Some(60_000),
                }),
            },
        );
        let ended = Summary {
            report_number: 1,
            status: Status::Completed,
            ..summary("another", "another", 0)
        };
        self.take(
            "an end with the upstream shut",
            Report {
                summary: ended,
                availability: None,
            },
        );
        let late = Enqueue {
            summary: summary("newcomer", "late", 0),
            terms: Terms::default(),
        };
        self.take("an order with the upstream shut", late);
        self.take(
            "a message with the upstream shut",
            Claim {
                key: JobKey::new("newcomer", "late"),
            },
        );
    }
}

#[test]
fn places_are_exact_where_nobody_has_left_the_line() {
    let sql = Sqlite::new();
    let store = waiting(&sql, 5_000);
    for number in [1, 2, 499, 1_000, 1_001, 2_345, 4_999, 5_000] {
        let key = JobKey::new(format!("user-{}", number % USERS), format!("old-{number}"));
        let position = queue::position(&store, &key, &policy(), NOW)
            .unwrap()
            .unwrap();
        assert_eq!(position.number, number);
    }
}

#[test]
fn who_waits_with_another_priority_is_before_by_the_time_that_its_head_start_is_worth() {
    let mut rows = MapRows::default();
    let mut before = |sequence, priority| {
        let entry = entry(
            &format!("job-{sequence}"),
            Stage::Waiting,
            priority,
            sequence,
            sequence,
        );
        let entry = Entry {
            enqueued_at: NOW + sequence * 10_000,
            ..entry
        };
        rows.save(&entry).unwrap();
        rows.count_before(&entry, 1_000).unwrap()
    };
    for sequence in 1..=60 {
        assert_eq!(before(sequence, 0), sequence - 1);
    }
    assert_eq!(before(61, 5), 31, "six priority levels are six minutes");
    assert_eq!(before(62, 4), 38 + 1);
}

fn entry(name: &str, stage: Stage, priority: u8, round: u64, sequence: u64) -> Entry {
    let summary = Summary {
        priority,
        ..summary("ann", name, 0)
    };
    Entry {
        summary,
        sequence,
        enqueued_at: NOW + sequence,
        round,
        stage,
        ..LIKE.clone()
    }
}

fn summary(user: &str, name: &str, created_at: u64) -> Summary {
    Summary {
        key: JobKey::new(user, name),
        created_at,
        ..LIKE.summary.clone()
    }
}

/// A queue whose slots are held, in which `depth` jobs wait, each user's in as many rounds; no
/// step has counted them.
fn waiting(sql: &Sqlite, depth: u64) -> QueueStore<Sqlite> {
    let mut store = QueueStore::open(sql.clone()).unwrap();
    for (sequence, name) in (1..).zip(["holder", "another"]) {
        let held = Stage::Held(Lease {
            epoch: 1,
            until: NOW * 2,
            granted_at: NOW,
        });
        let holder = Entry {
            summary: summary(name, name, 0),
            ..entry(name, held, 0, 0, sequence)
        };
        store.save(&holder).unwrap();
    }
    let first = Entry {
        summary: summary("user-0", "old-0", 0),
        ..entry("old-0", Stage::Waiting, 0, 1, 3)
    };
    store.save(&first).unwrap();
    let columns = sql.texts("SELECT name FROM pragma_table_info('entry')");
    let value = |column: &String| match column.as_str() {
        "user_id" => format!("'user-' || (n % {USERS})"),
        "generation_id" => "'old-' || n".to_owned(),
        "round" => format!("(n - 1) / {USERS} + 1"),
        "sequence" | "enqueued_at" | "order_key" => format!("{column} + n"),
        _ => column.clone(),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let statement = format!(
        "WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < {depth}) \
         INSERT INTO entry ({}) SELECT {} FROM entry, numbers WHERE user_id = 'user-0'; \
         DELETE FROM entry WHERE generation_id = 'old-0'",
        columns.join(", "),
        values.join(", ")
    );
    sql.run(&statement, Vec::new()).unwrap();
    store
}
