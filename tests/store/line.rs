//! A long line costs no step more than a short one, and everyone in it still knows their place.

use crate::catalogue::policy;
use crate::plans::filled;
use crate::rows::MapRows;
use crate::sqlite::Sqlite;
use proptest::collection::vec;
use proptest::prelude::*;
use reelay::ids::JobKey;
use reelay::machine::lease::Lease;
use reelay::machine::limiter::Availability;

use reelay::machine::queue::{
    Alarm, Card, Claim, Enqueue, Entry, Line, MAX_PRIORITY, Mode, Place, Policy, Report, Rows, Stand, Standing, Terms,
};
use reelay::machine::{Status, queue};
use reelay::store::queue::QueueStore;
use reelay::store::sql::Sql;
use reelay::time::Moment;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Over how many users those who wait are spread.
const USERS: u64 = 100;
const NOW: u64 = 1_800_000_000_000;
static LIKE: LazyLock<Entry> =
    LazyLock::new(|| filled(&Sqlite::new()).find(&JobKey::new("ann", "job-1")).unwrap().unwrap());

#[test]
fn a_step_takes_no_more_work_when_twenty_times_as_many_wait() {
    let (short, long) = (work(1_000), work(20_000));
    for (name, steps) in &short {
        let most = steps + steps / 10;
        assert!(long[name] <= most, "{name}: {} steps of the database instead of {steps}", long[name]);
    }
}

/// The most work that any of a few steps of each kind takes, with so many waiting.
fn work(depth: u64) -> BTreeMap<&'static str, u64> {
    let sql = Sqlite::new();
    let mut store = waiting(&sql, depth);
    let policy = Policy { mode: Mode::Immediate, slots: 2, user_slots: 1, max_waiting: 2 * depth, ..policy() };
    let mut most: BTreeMap<&'static str, u64> = BTreeMap::new();
    macro_rules! take {
        ($name:expr, $input:expr) => {
            let moment = Moment { now: NOW, random: 0 };
            let steps = sql.steps(|| drop(queue::step(&mut store, $input, moment, &policy).unwrap()));
            let most = most.entry($name).or_default();
            *most = steps.max(*most);
        };
    }
    // There are no numbers yet: the first step counts.
    take!("the first step", Stand { key: JobKey::new("nobody", "nothing") });
    // Wherever they stand: the last one of the short line at the end of a full section.
    for number in (1..=200).map(|part| depth * part / 200) {
        let key = JobKey::new(format!("user-{}", number % USERS), format!("old-{number}"));
        take!("a question", Stand { key });
    }
    let mut newest = None;
    // Enough for a section to be halved in both lines.
    for number in 0..1_100 {
        let card = card(&format!("user-{}", number % USERS), &format!("new-{number}"), number);
        newest = Some(card.clone());
        take!("an order", Enqueue { card, terms: Terms::default() });
    }
    take!("a message of the platform's queue", Claim { key: JobKey::new("user-1", "old-1") });
    take!("an alarm", Alarm);
    let cancelled = Card { report_number: 1, status: Status::Cancelled, ..newest.unwrap() };
    take!("a cancellation", Report { card: cancelled, availability: None });
    let ended = Card { report_number: 1, status: Status::Completed, ..card("holder", "holder", 0) };
    take!("an end, and the next one's start", Report { card: ended, availability: None });
    // Slots are free, and nobody may use them. A newcomer is near the front of either line.
    let told = Card { report_number: 2, submits: 1, ..card("holder", "holder", 0) };
    take!("a back-off", Report { card: told, availability: Some(Availability::NotNow { after: Some(60_000) }) });
    let ended = Card { report_number: 1, status: Status::Completed, ..card("another", "another", 0) };
    take!("an end with the upstream shut", Report { card: ended, availability: None });
    let late = Enqueue { card: card("newcomer", "late", 0), terms: Terms::default() };
    take!("an order with the upstream shut", late);
    take!("a message with the upstream shut", Claim { key: JobKey::new("newcomer", "late") });
    most.remove("the first step");
    most
}

#[test]
fn the_numbers_of_a_line_that_are_not_known_are_taken_once_and_places_are_exact() {
    let sql = Sqlite::new();
    let mut store = waiting(&sql, 5_000);
    let policy = policy();
    let mut ask = |user: u64, name: &str| {
        let input = Stand { key: JobKey::new(format!("user-{user}"), name) };
        let step = queue::step(&mut store, input, Moment { now: NOW, random: 0 }, &policy).unwrap();
        let Some(Standing { position, .. }) = step.reply else { panic!("it waits") };
        position
    };
    for number in [1, 2, 499, 1_000, 2_345, 4_999, 5_000] {
        assert_eq!(ask(number % USERS, &format!("old-{number}")), number);
    }
    let counts = sql.plans(|| _ = ask(1, "old-1"));
    assert!(!counts.iter().any(|(statement, _)| statement.contains("GROUP BY priority")), "{counts:?}");
    let line = store.book().unwrap().line.unwrap();
    assert_eq!((line.total(), line.error(&store).unwrap()), (5_000, None));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// With sections of four at most, so that they are halved and joined all the time.
    #[test]
    fn whoever_comes_and_goes_the_numbers_in_line_are_right(changes in vec(change(), 1..120)) {
        let mut rows = MapRows::default();
        let mut line = Line::default();
        for (sequence, (name, place, priority, round)) in (1..).zip(changes) {
            let entry = entry(&format!("job-{name}"), place, priority, round, sequence);
            let was = rows.save(&entry).unwrap();
            line.change(&rows, was, entry.spot(), 4).unwrap();
            prop_assert_eq!(line.error(&rows).unwrap(), None);
            for entry in rows.entries.values() {
                let own = rows.waiting().filter(|other| other.card.priority == entry.card.priority);
                let exact = own.filter(|other| other.turn() < entry.turn()).count() as u64;
                let others = rows.waiting().filter(|other| other.card.priority != entry.card.priority).count() as u64;
                let before = line.count_before(&rows, entry).unwrap();
                prop_assert!((exact..=exact + others).contains(&before), "{before} instead of {exact} and up to {others}");
            }
            let recounted = Line::count(&rows).unwrap();
            prop_assert_eq!((recounted.total(), recounted.error(&rows).unwrap()), (line.total(), None));
        }
    }
}

fn change() -> impl Strategy<Value = (u8, Place, u8, u64)> {
    let places = prop_oneof![
        5 => Just(Place::Waiting),
        1 => Just(Place::Delayed { until: 5 }),
        2 => Just(Place::Held(Lease { epoch: 1, until: 5, granted_at: 1 })),
        1 => Just(Place::Ended),
    ];
    (0_u8..40, places, prop_oneof![4 => Just(0), 1 => 0..=MAX_PRIORITY], 0_u64..9)
}

#[test]
fn of_few_who_wait_with_another_priority_all_are_compared() {
    let mut rows = MapRows::default();
    for (sequence, priority) in (1..).zip([0, 0, 1, 0, 1]) {
        rows.save(&entry(&format!("job-{sequence}"), Place::Waiting, priority, sequence, sequence)).unwrap();
    }
    let line = Line::count(&rows).unwrap();
    let before = |number: u64| {
        let entry = rows.find(&JobKey::new("ann", format!("job-{number}"))).unwrap().unwrap();
        line.count_before(&rows, &entry).unwrap()
    };
    // A level of priority is worth a minute, and these came within one.
    assert_eq!([3, 5, 1, 2, 4].map(before), [0, 1, 2, 3, 4]);
}

#[test]
fn of_many_who_wait_with_another_priority_whole_sections_are_compared() {
    let (mut rows, mut line) = (MapRows::default(), Line::default());
    let mut join = |sequence, priority| {
        let entry = entry(&format!("job-{sequence}"), Place::Waiting, priority, sequence, sequence);
        let entry = Entry { enqueued_at: NOW + sequence * 10_000, ..entry };
        let was = rows.save(&entry).unwrap();
        line.change(&rows, was, entry.spot(), 4).unwrap();
        line.count_before(&rows, &entry).unwrap()
    };
    for sequence in 1..=60 {
        join(sequence, 0);
    }
    // Priority 5 is worth thirty places of them.
    let before = join(61, 5);
    assert!(before.abs_diff(30) <= 4, "{before} instead of about 30");
    // And priority 4 twenty-four; the one before it stays there.
    let before = join(62, 4);
    assert!(before.abs_diff(38 + 1) <= 4, "{before} instead of about 39");
}

fn entry(name: &str, place: Place, priority: u8, round: u64, sequence: u64) -> Entry {
    let card = Card { priority, ..card("ann", name, 0) };
    Entry { card, sequence, enqueued_at: NOW + sequence, round, place, ..LIKE.clone() }
}

fn card(user: &str, name: &str, created_at: u64) -> Card {
    Card { key: JobKey::new(user, name), created_at, ..LIKE.card.clone() }
}

/// A queue whose slots are held, and in which so many wait, each user's in as many rounds; no step has counted them.
fn waiting(sql: &Sqlite, depth: u64) -> QueueStore<Sqlite> {
    let mut store = QueueStore::open(sql.clone()).unwrap();
    for (sequence, name) in (1..).zip(["holder", "another"]) {
        let held = Place::Held(Lease { epoch: 1, until: NOW * 2, granted_at: NOW });
        let holder = Entry { card: card(name, name, 0), ..entry(name, held, 0, 0, sequence) };
        store.save(&holder).unwrap();
    }
    let first = Entry { card: card("user-0", "old-0", 0), ..entry("old-0", Place::Waiting, 0, 1, 3) };
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
