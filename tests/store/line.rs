//! A long line makes no step more expensive than a short one does, and every job knows its place.

use crate::catalogue::policy;
use crate::plans::filled;
use crate::put::Put as _;
use crate::rows::MapRows;
use crate::sqlite::Sqlite;
use reelay::ids::JobKey;
use reelay::machine::lease::Lease;
use reelay::machine::limiter::Availability;
use reelay::machine::queue::{
    Alarm, Claim, Enqueue, Entry, GetPositions, Input, Mode, Policy, QueueInstance, Rank, Report,
    Rows, Stage, Summary, Terms,
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
pub(crate) static LIKE: LazyLock<Entry> = LazyLock::new(|| {
    filled(&Sqlite::new())
        .find(&JobKey::new("ann", "job-1"))
        .unwrap()
        .unwrap()
});

#[test]
fn no_step_takes_longer_in_a_long_line_or_with_many_slots() {
    let few = work(1_000, 3);
    for (what, many) in [
        ("in a long line", work(20_000, 3)),
        ("with many slots", work(1_000, 1_000)),
    ] {
        for (name, steps) in &few {
            let most = steps + steps / 10 + 50;
            assert!(
                many[name] <= most,
                "{name} {what}: {} steps of the database instead of {steps}",
                many[name]
            );
        }
    }
}

/// The most work that any step of each kind takes with `depth` jobs waiting and `slots` held.
fn work(depth: u64, slots: u64) -> BTreeMap<&'static str, u64> {
    let sql = Sqlite::new();
    let policy = Policy {
        mode: Mode::Immediate,
        slots,
        user_slots: 1,
        max_waiting: 2 * depth,
        ..policy()
    };
    let mut meter = Meter {
        sql: &sql,
        store: waiting(&sql, depth, slots),
        instance: QueueInstance::default(),
        policy,
        most: BTreeMap::new(),
    };
    // An instance counts at its first step.
    meter.take(
        "the first step",
        GetPositions {
            key: JobKey::new("nobody", "nothing"),
            others: Vec::new(),
        },
    );
    for number in (1..=200).map(|part| depth * part / 200) {
        let key = JobKey::new(format!("user-{}", number % USERS), format!("old-{number}"));
        meter.take(
            "a question",
            GetPositions {
                key,
                others: Vec::new(),
            },
        );
    }
    let mut newest = None;
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
    instance: QueueInstance,
    policy: Policy,
    most: BTreeMap<&'static str, u64>,
}

impl Meter<'_> {
    fn take<I: Input>(&mut self, name: &'static str, input: I) {
        let moment = Moment {
            now: NOW,
            random: 0,
        };
        let (instance, store, policy) = (&mut self.instance, &mut self.store, &self.policy);
        let steps = self
            .sql
            .steps(|| drop(instance.step(store, input, moment, policy).unwrap()));
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
fn places_are_exact_however_long_the_line_is() {
    let sql = Sqlite::new();
    let store = waiting(&sql, 5_000, 2);
    let memory = store.memory().unwrap();
    for number in [1, 2, 499, 1_000, 1_001, 2_345, 4_999, 5_000] {
        let key = JobKey::new(format!("user-{}", number % USERS), format!("old-{number}"));
        let entry = store.find(&key).unwrap().unwrap();
        let position = queue::position_of(&memory, &entry, &policy(), NOW);
        assert_eq!(position.number, number);
    }
}

#[test]
fn as_many_wait_before_a_job_as_a_count_of_the_rows_says() {
    let mut rows = MapRows::default();
    let mut number = 7_u64;
    let mut any = |below: u64| {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (number >> 33) % below
    };
    for sequence in 1..=400 {
        let stage = if any(4) == 0 {
            Stage::Ended
        } else {
            Stage::Waiting
        };
        let priority = u8::try_from(any(4)).unwrap();
        let entry = Entry {
            enqueued_at: NOW + any(600_000),
            ..entry(
                &format!("job-{sequence}"),
                stage,
                priority,
                any(9),
                sequence,
            )
        };
        rows.put(&entry).unwrap();
    }
    let ranks = rows.memory().unwrap().ranks;
    for entry in rows.entries.values() {
        let is_before = |other: &&Entry| {
            let own = other.summary.priority == entry.summary.priority;
            let key = |entry: &Entry| (entry.head_start_key(), entry.sequence);
            other.stage == Stage::Waiting
                && if own {
                    other.turn() < entry.turn()
                } else {
                    key(other) < key(entry)
                }
        };
        let count = rows.entries.values().filter(is_before).count();
        assert_eq!(ranks.before(&Rank::of(entry)), count as u64);
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
        rows.put(&entry).unwrap();
        rows.memory().unwrap().ranks.before(&Rank::of(&entry))
    };
    for sequence in 1..=60 {
        assert_eq!(before(sequence, 0), sequence - 1);
    }
    assert_eq!(
        before(61, 5),
        31,
        "five levels of priority are worth five minutes"
    );
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

/// A queue whose slots are held, in which `depth` jobs wait, each user's in as many rounds.
fn waiting(sql: &Sqlite, depth: u64, slots: u64) -> QueueStore<Sqlite> {
    let mut store = QueueStore::open(sql.clone()).unwrap();
    let others = (3..=slots).map(|number| format!("busy-{number}"));
    let holders = ["holder", "another"]
        .map(str::to_owned)
        .into_iter()
        .chain(others);
    let mut last = 0;
    for (sequence, name) in (1..).zip(holders) {
        last = sequence;
        let name = name.as_str();
        let held = Stage::Held(Lease {
            epoch: 1,
            until: NOW * 2,
            granted_at: NOW,
        });
        let holder = Entry {
            summary: summary(name, name, 0),
            ..entry(name, held, 0, 0, sequence)
        };
        store.put(&holder).unwrap();
    }
    let first = Entry {
        summary: summary("user-0", "old-0", 0),
        ..entry("old-0", Stage::Waiting, 0, 1, last + 1)
    };
    store.put(&first).unwrap();
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
