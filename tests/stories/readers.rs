//! The readers of waiting jobs: those who read again and again cost the queue one question a second,
//! and none is shown what is not true any more.

use crate::queue_story::key;
use reelay::machine::queue::{BlockedBy, Lookup, Position, Readers, Wanted};
use reelay::time::{Millis, SECOND};
use std::collections::BTreeSet;

const NOW: Millis = 1_800_000_000_000;

#[test]
fn who_reads_again_within_a_second_costs_no_question() {
    let mut readers = Readers::default();
    assert_eq!(asked(&mut readers, "one", NOW), ["one"]);
    shows(&mut readers, "one", NOW + 1);
    shows(&mut readers, "one", NOW + SECOND - 1);
    assert_eq!(asked(&mut readers, "one", NOW + SECOND), ["one"]);
}

#[test]
fn one_question_asks_for_all_that_were_read_of_late() {
    let mut readers = Readers::default();
    for name in ["one", "two", "three"] {
        assert_eq!(asked(&mut readers, name, NOW), [name]);
    }
    let later = NOW + 2 * SECOND;
    assert_eq!(asked(&mut readers, "two", later), ["two", "one", "three"]);
    for name in ["one", "three"] {
        shows(&mut readers, name, later + 1);
    }
    assert_eq!(
        asked(&mut readers, "one", later + 6 * SECOND),
        ["one"],
        "nobody has read the others for five seconds"
    );
}

#[test]
fn while_one_asks_for_all_the_others_are_shown_what_is_known_and_a_new_reader_asks_for_its_own() {
    let mut readers = Readers::default();
    for name in ["one", "two", "three"] {
        asked(&mut readers, name, NOW);
    }
    let later = NOW + SECOND;
    assert_eq!(others(readers.read(&job("one"), later)), ["three", "two"]);
    shows(&mut readers, "two", later);
    assert!(
        others(readers.read(&job("new"), later)).is_empty(),
        "the others are asked for already"
    );
}

#[test]
fn jobs_that_were_first_read_at_different_times_are_asked_for_together_from_then_on() {
    let mut readers = Readers::default();
    let jobs: Vec<_> = (0..100).map(|number| format!("job-{number}")).collect();
    let mut questions = 0;
    for (number, name) in (0..).zip(jobs.iter().cycle().take(500)) {
        let now = NOW + number * 10;
        let lookup = readers.read(&job(name), now);
        if let Lookup::Ask(others) = lookup {
            questions += 1;
            let jobs = std::iter::once(job(name)).chain(others);
            readers.told(jobs.map(|job| (job, Some(at(1)))), now);
        }
    }
    assert_eq!(
        questions,
        100 + 4,
        "the first read of each, then one a second"
    );
}

#[test]
fn no_position_is_shown_that_is_older_than_two_seconds() {
    let mut readers = Readers::default();
    asked(&mut readers, "one", NOW);
    asked(&mut readers, "two", NOW);
    let later = NOW + 2 * SECOND - 1;
    readers.read(&job("one"), later);
    shows(&mut readers, "two", later);
    assert!(
        others(readers.read(&job("two"), later + 1)).is_empty(),
        "the queue has not answered yet"
    );
}

#[test]
fn who_orders_a_job_tells_its_readers_where_it_stands() {
    let mut readers = Readers::default();
    readers.told([(job("one"), Some(at(7)))], NOW);
    assert_eq!(readers.read(&job("one"), NOW + 1), Lookup::Show(at(7)));
    assert_eq!(asked(&mut readers, "one", NOW + SECOND), ["one"]);
}

#[test]
fn an_answer_does_not_replace_a_later_one() {
    let mut readers = Readers::default();
    readers.told([(job("one"), Some(at(2)))], NOW + 10);
    readers.told([(job("one"), Some(at(3)))], NOW);
    assert_eq!(readers.read(&job("one"), NOW + 11), Lookup::Show(at(2)));
}

#[test]
fn a_question_without_an_answer_is_asked_again() {
    let mut readers = Readers::default();
    asked(&mut readers, "one", NOW);
    asked(&mut readers, "two", NOW);
    let later = NOW + SECOND;
    readers.read(&job("one"), later);
    readers.not_told(later);
    assert_eq!(others(readers.read(&job("one"), later)), ["two"]);
    // The reader went away, and its request with it.
    let much_later = later + 2 * SECOND;
    assert_eq!(others(readers.read(&job("one"), much_later)), ["two"]);
}

#[test]
fn a_job_that_changed_since_is_asked_for_at_once() {
    let mut readers = Readers::default();
    asked(&mut readers, "one", NOW);
    let retried = Wanted {
        changed_at: NOW + 1,
        ..job("one")
    };
    assert!(matches!(readers.read(&retried, NOW + 2), Lookup::Ask(_)));
}

#[test]
fn a_job_that_is_not_in_line_is_asked_for_with_each_read_and_never_for_others() {
    for position in [None, Some(Position::NOT_IN_LINE)] {
        let mut readers = Readers::default();
        readers.told([(job("two"), Some(at(2)))], NOW);
        for later in [NOW, NOW + 1] {
            assert!(matches!(
                readers.read(&job("retried"), later),
                Lookup::Ask(_)
            ));
            readers.told([(job("retried"), position)], later);
        }
        assert_eq!(asked(&mut readers, "two", NOW + SECOND), ["two"]);
    }
}

#[test]
fn a_question_names_500_jobs_at_most_and_those_asked_for_longest_ago_come_first() {
    let mut readers = Readers::default();
    for number in 0..900 {
        asked(&mut readers, &format!("job-{number}"), NOW);
    }
    let first = asked(&mut readers, "zzz", NOW + SECOND);
    assert_eq!(first.len(), 500);
    let second = asked(&mut readers, "zzz", NOW + 2 * SECOND);
    let both: BTreeSet<_> = first.iter().chain(&second).collect();
    assert_eq!(both.len(), 901);
}

#[test]
fn what_nobody_reads_is_forgotten_even_if_nobody_reads_anything() {
    let mut readers = Readers::default();
    for number in 0..100 {
        let name = format!("job-{number}");
        readers.told([(job(&name), Some(at(1)))], NOW + number * SECOND);
    }
    let last = NOW + 100 * SECOND;
    assert!(others(readers.read(&job("one"), last)).len() <= 5);
}

fn job(name: &str) -> Wanted {
    Wanted {
        key: key(name),
        changed_at: NOW,
    }
}

fn at(number: u64) -> Position {
    Position {
        number,
        blocked_by: Some(BlockedBy::Concurrency),
        ..Position::NOT_IN_LINE
    }
}

#[track_caller]
fn shows(readers: &mut Readers, name: &str, now: Millis) {
    let lookup = readers.read(&job(name), now);
    assert!(matches!(lookup, Lookup::Show(_)), "{name}: {lookup:?}");
}

/// The names of the others that a reader asks for.
#[track_caller]
fn others(lookup: Lookup) -> Vec<String> {
    let Lookup::Ask(jobs) = lookup else {
        panic!("{lookup:?}");
    };
    jobs.into_iter().map(|job| job.key.generation_id).collect()
}

/// Reads a job whose position must be asked for, answers, and returns the names that were asked
/// for.
#[track_caller]
fn asked(readers: &mut Readers, name: &str, now: Millis) -> Vec<String> {
    let Lookup::Ask(others) = readers.read(&job(name), now) else {
        panic!("{name} is known");
    };
    let jobs: Vec<_> = std::iter::once(job(name)).chain(others).collect();
    let names = jobs
        .iter()
        .map(|job| job.key.generation_id.clone())
        .collect();
    readers.told(
        jobs.into_iter().zip((1..).map(|number| Some(at(number)))),
        now,
    );
    names
}
