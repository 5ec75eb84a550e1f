//! A job is loaded exactly as it was saved.

use crate::altered::altered;
use crate::lives;
use crate::put::save_job;
use crate::sqlite::Sqlite;
use reelay::machine::follow::NumberedEntry;
use reelay::machine::job::{TimelineEntry, TimelineStep};
use reelay::store::job;
use reelay::store::job::JobStoreError;
use reelay::store::record::{JOB_VERSION, StoredError};
use reelay::store::sql::Sql;

#[test]
fn looking_at_an_untouched_database_stores_nothing() {
    let sql = Sqlite::new();
    assert!(job::load(&sql).unwrap().is_none());
    assert!(
        job::timeline(&sql).unwrap().is_empty()
            && job::timeline_after(&sql, 0, 9).unwrap().is_empty()
    );
    assert_eq!(job::last_number(&sql).unwrap(), 0);
    assert_eq!(sql.schema(), Vec::<String>::new());
}

#[test]
fn a_job_in_any_phase_is_loaded_as_it_was_saved() {
    for (name, saved) in lives::all() {
        let sql = Sqlite::new();
        save_job(&sql, &saved, &[]).unwrap();
        assert_eq!(job::load(&sql).unwrap(), Some(saved), "{name}");
    }
}

#[test]
fn a_later_record_replaces_the_earlier_one() {
    let sql = Sqlite::new();
    for (_, saved) in lives::all() {
        save_job(&sql, &saved, &[]).unwrap();
        assert_eq!(job::load(&sql).unwrap(), Some(saved));
    }
    assert_eq!(sql.texts("SELECT CAST(count(*) AS TEXT) FROM job"), ["1"]);
}

#[test]
fn the_timeline_keeps_its_order_even_where_times_are_equal_or_go_back() {
    let sql = Sqlite::new();
    let timeline = [
        entry(5, TimelineStep::Created, None),
        entry(5, TimelineStep::Started, None),
        entry(3, TimelineStep::Failed, Some("It's \"over\"; done.")),
    ];
    save_job(&sql, &lives::queued(), &timeline[..2]).unwrap();
    save_job(&sql, &lives::queued(), &timeline[2..]).unwrap();
    assert_eq!(job::timeline(&sql).unwrap(), timeline);
}

#[test]
fn the_timeline_is_read_from_any_entry_on_in_pages_by_numbers_that_count_from_one() {
    let sql = Sqlite::new();
    let timeline: Vec<TimelineEntry> = (0..5)
        .zip(TimelineStep::ALL)
        .map(|(at, step)| entry(9 - at, *step, None))
        .collect();
    save_job(&sql, &lives::queued(), &[]).unwrap();
    assert_eq!(
        (
            job::timeline_after(&sql, 0, 9).unwrap(),
            job::last_number(&sql).unwrap()
        ),
        (Vec::new(), 0)
    );
    save_job(&sql, &lives::queued(), &timeline).unwrap();
    assert_eq!(job::last_number(&sql).unwrap(), 5);
    let (mut told, mut pages) = (0, Vec::new());
    for _ in 0..4 {
        let page = job::timeline_after(&sql, told, 2).unwrap();
        told = page.last().map_or(told, |last| last.number);
        pages.push(page);
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1, 0]);
    let (numbers, read): (Vec<u64>, Vec<TimelineEntry>) = pages
        .into_iter()
        .flatten()
        .map(|entry| (entry.number, entry.entry))
        .unzip();
    assert_eq!((numbers, read), (vec![1, 2, 3, 4, 5], timeline));
    let details = [entry(1, TimelineStep::Failed, Some("why"))];
    save_job(&sql, &lives::queued(), &details).unwrap();
    assert_eq!(
        job::timeline_after(&sql, 5, 9).unwrap()[0].entry,
        details[0]
    );
}

#[test]
fn a_detail_is_kept_to_the_letter_whatever_is_in_it() {
    let sql = Sqlite::new();
    let details = [
        "",
        "two\nlines\r\n",
        "{\"at\":1}\n{\"at\":2}",
        "\\ \u{2028} \u{0} пёс 🐕 ' DROP TABLE job",
    ];
    let timeline = details.map(|detail| entry(1, TimelineStep::Failed, Some(detail)));
    save_job(&sql, &lives::queued(), &timeline[..2]).unwrap();
    save_job(&sql, &lives::queued(), &timeline[2..]).unwrap();
    assert_eq!(job::timeline(&sql).unwrap(), timeline);
}

#[test]
fn the_oldest_entries_go_beyond_two_thousand_and_numbers_go_on() {
    let sql = Sqlite::new();
    let timeline: Vec<TimelineEntry> = (1..=2_003)
        .map(|at| entry(at, TimelineStep::PollFailed, None))
        .collect();
    save_job(&sql, &lives::queued(), &timeline[..1_999]).unwrap();
    assert_eq!(job::timeline(&sql).unwrap(), timeline[..1_999]);
    save_job(&sql, &lives::queued(), &timeline[1_999..]).unwrap();
    assert_eq!(job::timeline(&sql).unwrap(), timeline[3..]);
    let of_entry = |entry: &NumberedEntry| (entry.number, entry.entry.at);
    let page = job::timeline_after(&sql, 0, 2).unwrap();
    assert_eq!(
        page.iter().map(of_entry).collect::<Vec<_>>(),
        [(4, 4), (5, 5)],
        "a stream continues at the oldest entry left"
    );
    let page = job::timeline_after(&sql, 2_001, 9).unwrap();
    assert_eq!(
        page.iter().map(of_entry).collect::<Vec<_>>(),
        [(2_002, 2_002), (2_003, 2_003)]
    );
    assert_eq!(job::last_number(&sql).unwrap(), 2_003);
}

#[test]
fn no_timeline_keeps_a_job_from_being_saved_because_the_record_takes_its_room() {
    let sql = Sqlite::new();
    // Each character has two bytes, so that characters and bytes differ; together the texts exceed
    // a row's limit.
    let long = "ж".repeat(200_000);
    for at in 1..=9 {
        save_job(
            &sql,
            &lives::queued(),
            &[entry(at, TimelineStep::Failed, Some(&long))],
        )
        .unwrap();
    }
    let kept = |sql: &Sqlite| {
        job::timeline(sql)
            .unwrap()
            .iter()
            .map(|entry| entry.at)
            .collect::<Vec<_>>()
    };
    assert_eq!(kept(&sql), [6, 7, 8, 9]);
    let larger = altered(&lives::queued(), |record| {
        record.order.prompt = "x".repeat(1_500_000);
    });
    save_job(&sql, &larger, &[]).unwrap();
    assert_eq!(
        (job::load(&sql).unwrap(), kept(&sql)),
        (Some(larger.clone()), vec![9])
    );
    let larger = altered(&larger, |record| {
        record.order.prompt = "x".repeat(1_985_000);
    });
    save_job(
        &sql,
        &larger,
        &[entry(10, TimelineStep::Failed, Some(&long))],
    )
    .unwrap();
    assert_eq!(
        (job::load(&sql).unwrap(), kept(&sql)),
        (Some(larger), Vec::new())
    );
    save_job(
        &sql,
        &lives::queued(),
        &[entry(11, TimelineStep::Failed, None)],
    )
    .unwrap();
    assert_eq!(
        (kept(&sql), job::last_number(&sql).unwrap()),
        (vec![11], 11)
    );
    assert_eq!(job::timeline_after(&sql, 10, 9).unwrap()[0].number, 11);
}

#[test]
fn an_entry_that_cannot_be_read_is_passed_over_with_its_number() {
    let sql = Sqlite::new();
    let timeline = [
        entry(1, TimelineStep::Created, None),
        entry(2, TimelineStep::Started, None),
        entry(3, TimelineStep::Failed, None),
    ];
    save_job(&sql, &lives::queued(), &timeline).unwrap();
    sql.run(
        "UPDATE job SET timeline = replace(timeline, '\"started\"', '')",
        Vec::new(),
    )
    .unwrap();
    let numbers = |limit| {
        job::timeline_after(&sql, 0, limit)
            .unwrap()
            .iter()
            .map(|entry| entry.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (numbers(9), numbers(2), numbers(1)),
        (vec![1, 3], vec![1, 3], vec![1])
    );
    save_job(&sql, &lives::queued(), &timeline[..1]).unwrap();
    assert_eq!(numbers(9), [1, 3, 4]);
}

#[test]
fn a_save_cut_off_before_any_of_its_statements_leaves_the_job_as_it_was() {
    let (_, later) = lives::all().pop().unwrap();
    for statements in 0..3 {
        let sql = Sqlite::new();
        let kept = [entry(1, TimelineStep::Created, None)];
        save_job(&sql, &lives::queued(), &kept).unwrap();
        sql.cut_off_after(Some(statements));
        assert!(matches!(
            save_job(&sql, &later, &[entry(1, TimelineStep::Failed, None)]),
            Err(JobStoreError::Database(_))
        ));
        sql.cut_off_after(None);
        let found = (job::load(&sql).unwrap(), job::timeline(&sql).unwrap());
        assert_eq!(
            found,
            (Some(lives::queued()), kept.to_vec()),
            "after {statements} statements"
        );
    }
}

#[test]
fn a_record_of_a_newer_version_is_refused_and_stays_untouched_i11() {
    let sql = Sqlite::new();
    save_job(&sql, &lives::queued(), &[]).unwrap();
    let newer = format!(
        "{{\"version\":{},\"job\":{{\"shape\":\"of the future\"}}}}",
        JOB_VERSION + 1
    );
    put_record(&sql, &newer);
    let refused = job::load(&sql);
    assert!(
        matches!(refused, Err(JobStoreError::Record(StoredError::UnknownVersion(version))) if version == JOB_VERSION + 1)
    );
    assert_eq!(sql.texts("SELECT record FROM job"), [newer]);
}

#[test]
fn a_record_that_is_not_readable_is_an_error_not_a_missing_job() {
    for record in ["", "{}", "{\"version\":1}", "{\"version\":1,\"job\":{}}"] {
        let sql = Sqlite::new();
        save_job(&sql, &lives::queued(), &[]).unwrap();
        put_record(&sql, record);
        let refused = job::load(&sql);
        assert!(
            matches!(
                refused,
                Err(JobStoreError::Record(StoredError::Unreadable(_)))
            ),
            "{record}"
        );
    }
}

/// Replaces a saved job's record.
pub(crate) fn put_record(sql: &Sqlite, record: &str) {
    sql.run("UPDATE job SET record = ?", vec![record.into()])
        .unwrap();
}

fn entry(at: u64, step: TimelineStep, detail: Option<&str>) -> TimelineEntry {
    TimelineEntry {
        at,
        step,
        detail: detail.map(ToOwned::to_owned),
    }
}
