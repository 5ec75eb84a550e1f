//! The readers of waiting jobs: they cost the queue one question a second, and none is shown what
//! is not true any more.

use crate::queue_story::key;
use reelay::machine::queue::{BlockedBy, Lookup, Position, Readers, Wanted};
use reelay::time::{Millis, SECOND};
use std::collections::BTreeSet;

const NOW: Millis = 1_800_000_000_000;

#[test]
fn who_reads_again_within_a_second_costs_no_question() {
    let mut readers = Readers::default();
    assert_eq!(asked(&mut readers, "one", NOW), ["one"]);
    assert_eq!(readers.read(job("one"), NOW + 1), Lookup::Show(at(1)));
    assert_eq!(
        readers.read(job("one"), NOW + SECOND - 1),
        Lookup::Show(at(1))
    );
    assert_eq!(asked(&mut readers, "one", NOW + SECOND), ["one"]);
}

#[test]
fn one_question_asks_for_all_that_were_read_of_late() {
    let mut readers = Readers::default();
    for name in ["one", "two", "three"] {
        assert_eq!(asked(&mut readers, name, NOW), [name]);
    }
    assert_eq!(
        asked(&mut readers, "two", NOW + 2 * SECOND),
        ["two", "one", "three"]
    );
    for name in ["one", "three"] {
        let look = readers.read(job(name), NOW + 2 * SECOND + 1);
        assert!(matches!(look, Lookup::Show(_)), "{name}: {look:?}");
    }
    assert_eq!(
        asked(&mut readers, "one", NOW + 33 * SECOND),
        ["one"],
        "nobody has read the others for half a minute"
    );
}

#[test]
fn while_one_asks_the_others_are_shown_what_is_known() {
    let mut readers = Readers::default();
    for name in ["one", "two"] {
        asked(&mut readers, name, NOW);
    }
    let later = NOW + SECOND;
    assert!(matches!(readers.read(job("one"), later), Lookup::Ask(_)));
    assert!(matches!(readers.read(job("two"), later), Lookup::Show(_)));
    assert!(
        matches!(readers.read(job("new"), later), Lookup::Ask(_)),
        "nothing is known of it"
    );
}

#[test]
fn who_orders_a_job_tells_its_readers_where_it_stands() {
    let mut readers = Readers::default();
    readers.told(vec![job("one")], &[Some(at(7))], NOW);
    assert_eq!(readers.read(job("one"), NOW + 1), Lookup::Show(at(7)));
    assert!(matches!(
        readers.read(job("one"), NOW + SECOND),
        Lookup::Ask(_)
    ));
    readers.told(vec![job("two")], &[Some(at(8))], NOW + SECOND + 1);
    assert!(
        matches!(readers.read(job("one"), NOW + SECOND + 2), Lookup::Show(_)),
        "the question about the first is not answered yet"
    );
}

#[test]
fn a_question_without_an_answer_is_asked_again() {
    let mut readers = Readers::default();
    asked(&mut readers, "one", NOW);
    let later = NOW + SECOND;
    assert!(matches!(readers.read(job("one"), later), Lookup::Ask(_)));
    readers.not_told(later);
    assert!(matches!(readers.read(job("one"), later), Lookup::Ask(_)));
    // The reader went away, and its request with it.
    let much_later = later + 5 * SECOND;
    assert!(matches!(
        readers.read(job("one"), much_later),
        Lookup::Ask(_)
    ));
}

#[test]
fn a_job_that_changed_since_is_asked_for_at_once() {
    let mut readers = Readers::default();
    asked(&mut readers, "one", NOW);
    let retried = Wanted {
        changed_at: NOW + 1,
        ..job("one")
    };
    assert!(matches!(readers.read(retried, NOW + 2), Lookup::Ask(_)));
}

#[test]
fn a_job_that_the_queue_does_not_know_is_asked_for_each_time() {
    let mut readers = Readers::default();
    let Lookup::Ask(jobs) = readers.read(job("lost"), NOW) else {
        panic!("nothing is known of it");
    };
    readers.told(jobs, &[None], NOW);
    assert!(matches!(readers.read(job("lost"), NOW + 1), Lookup::Ask(_)));
}

#[test]
fn a_question_names_500_jobs_at_most_and_its_own_reader_is_one_of_them() {
    let mut readers = Readers::default();
    for number in 0..900 {
        asked(&mut readers, &format!("job-{number}"), NOW);
    }
    let first = asked(&mut readers, "zzz", NOW + SECOND);
    assert_eq!(first.len(), 500);
    assert_eq!(first[0], "zzz");
    let second = asked(&mut readers, "zzz", NOW + 2 * SECOND);
    let both: BTreeSet<_> = first.iter().chain(&second).collect();
    assert_eq!(both.len(), 901, "those asked for longest ago come first");
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

/// Reads a job whose position must be asked for, answers, and returns the names that were asked
/// for.
fn asked(readers: &mut Readers, name: &str, now: Millis) -> Vec<String> {
    let Lookup::Ask(jobs) = readers.read(job(name), now) else {
        panic!("{name} is known");
    };
    let names = jobs.iter().map(|job| job.key.generation_id.clone());
    let names: Vec<_> = names.collect();
    let positions: Vec<_> = (1..=jobs.len() as u64)
        .map(|number| Some(at(number)))
        .collect();
    readers.told(jobs, &positions, now);
    names
}
