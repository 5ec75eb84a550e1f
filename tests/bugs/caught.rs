//! Runs in the copy that has the bugs: each is switched on, and the seeds must catch it.

#[path = "../bugs/table.rs"]
mod table;

use crate::run::{SEEDS, run_many};
use reelay::bug;
use std::io::{self, Write as _};
use table::BUGS;

#[test]
fn each_bug_is_caught() {
    let mut missed = Vec::new();
    for (number, planted) in BUGS.iter().enumerate() {
        bug::plant(Some(number));
        let Err(failed) = run_many(&(0..SEEDS), false) else {
            missed.push(format!("{} passed {SEEDS} seeds", planted.mistake));
            continue;
        };
        let invariant = format!("{:?}", failed.violation.invariant);
        let told = writeln!(io::stderr(), "{}: {invariant}, by seed {}", planted.mistake, failed.seed);
        told.expect("standard error can be written");
        if !planted.breaks.contains(&invariant.as_str()) {
            missed.push(format!("{} was caught by {}", planted.mistake, failed.violation));
        }
    }
    assert_eq!(missed, Vec::<String>::new());
}
