//! The counters, by the minute.

use crate::sqlite::Sqlite;
use reelay::machine::metrics::Count;
use reelay::machine::queue::{Book, Minute, Rows, Sample, totals};
use reelay::store::metrics::PAGE;
use reelay::store::queue::QueueStore;
use reelay::store::sql::Sql;

#[test]
fn minutes_are_read_as_they_were_written_a_page_at_a_time() {
    let mut store = QueueStore::open(Sqlite::new()).unwrap();
    assert_eq!(store.memory().unwrap().latest, None);
    let last = u64::from(PAGE) + 9;
    for number in 10..=last {
        count(&mut store, number);
    }
    store.save_counted_before(&minute(7)).unwrap();
    assert_eq!(store.memory().unwrap().latest, Some((last, minute(last))));
    assert_eq!(store.counted_before().unwrap(), minute(7));
    let page = store.minutes(0).unwrap();
    assert_eq!(
        (page.len(), page.first(), page.last()),
        (500, Some(&(10, minute(10))), Some(&(last, minute(last))))
    );
    assert_eq!(store.minutes(last - 1).unwrap().len(), 2);
    assert_eq!(
        totals(&store, &store.memory().unwrap())
            .unwrap()
            .whole()
            .of(Count::Accepted),
        7 + last
    );
}

#[test]
fn old_minutes_are_forgotten_but_neither_the_sum_nor_the_latest() {
    let mut store = QueueStore::open(Sqlite::new()).unwrap();
    for number in [3, 5, 8] {
        count(&mut store, number);
    }
    store.save_counted_before(&minute(8)).unwrap();
    store.delete_minutes(5).unwrap();
    let numbers = |store: &QueueStore<Sqlite>| -> Vec<u64> {
        store
            .minutes(0)
            .unwrap()
            .into_iter()
            .map(|(number, _)| number)
            .collect()
    };
    assert_eq!(numbers(&store), [5, 8]);
    store.delete_minutes(99).unwrap();
    assert_eq!(
        (numbers(&store), store.counted_before().unwrap()),
        (vec![8], minute(8))
    );
}

#[test]
fn a_record_that_cannot_be_read_counts_as_empty() {
    let sql = Sqlite::new();
    let store = QueueStore::open(sql.clone()).unwrap();
    sql.run(
        "INSERT INTO metrics VALUES (0, 'not JSON'), (7, '{\"counted\": 3}'), (8, '{}')",
        Vec::new(),
    )
    .unwrap();
    assert_eq!(store.counted_before().unwrap(), Minute::default());
    assert_eq!(
        store.minutes(0).unwrap(),
        [(7, Minute::default()), (8, Minute::default())]
    );
}

#[test]
fn what_is_counted_within_a_minute_is_one_row_with_the_book_and_the_next_minute_files_it() {
    let sql = Sqlite::new();
    let mut store = QueueStore::open(sql.clone()).unwrap();
    let filed = || sql.texts("SELECT CAST(minute AS TEXT) FROM metrics");
    count(&mut store, 7);
    count(&mut store, 7);
    assert_eq!(filed(), [""; 0]);
    count(&mut store, 8);
    assert_eq!(filed(), ["7"]);
    store.save_book(&Book::default(), None).unwrap();
    assert_eq!(store.minutes(0).unwrap(), [(7, minute(7)), (8, minute(8))]);
}

fn count(store: &mut QueueStore<Sqlite>, number: u64) {
    store
        .save_book(&Book::default(), Some((number, &minute(number))))
        .unwrap();
}

fn minute(number: u64) -> Minute {
    let sample = Some(Sample {
        waiting: number,
        running: 1,
        oldest_wait: 2,
    });
    let mut minute = Minute {
        sample,
        ..Minute::default()
    };
    minute
        .counted
        .of("veo3/veo-3.1")
        .count(Count::Accepted, number);
    minute
}
