//! Every story, cut off at every boundary of every step: once, and twice for the short stories, or
//! for all stories with `REELAY_SIM_PAIRS=all`.
//!
//! Nothing is random: the boundaries of a run are counted, and each is cut in a run of its own.

use crate::faults::Fault;
use crate::stories::stories;
use crate::story::Story;
use crate::tally::Tally;
use crate::trace::Trace;
use crate::witness::Violation;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fewer boundaries than any story has.
const FEWEST_BOUNDARIES: u64 = 30;

/// Where the objects are cut; the orders and the consumers are cut too.
const CUT_PLACES: [&str; 7] = [
    "job CrashBeforeSave",
    "job CrashAfterSave",
    "job CrashBeforeEffect",
    "job CrashAfterEffect",
    "queue CrashBeforeSave",
    "queue CrashAfterSave",
    "queue CrashBeforeEffect",
];

/// A run that broke an invariant.
#[derive(Debug)]
struct Failed {
    story: &'static str,
    cuts: Vec<u64>,
    violation: Violation,
}

/// The results of a walk.
#[derive(Debug, Default)]
struct Walk {
    runs: [u64; 3],
    tally: Tally,
}

impl Walk {
    /// Runs the story with these cuts, and again with each further cut up to `depth` cuts.
    fn cut(&mut self, story: &Story, cuts: &mut Vec<u64>, depth: usize) -> Result<(), Failed> {
        let (world, outcome) = story.run(cuts, Trace::Silent);
        outcome.map_err(|violation| Failed {
            story: story.name,
            cuts: cuts.clone(),
            violation,
        })?;
        self.runs[cuts.len()] += 1;
        self.tally.add(&world.tally);
        if cuts.len() == depth {
            return Ok(());
        }
        let first = cuts.last().map_or(0, |last| last + 1);
        for boundary in first..world.choices.decided() {
            cuts.push(boundary);
            self.cut(story, cuts, depth)?;
            cuts.pop();
        }
        Ok(())
    }

    fn add(&mut self, other: &Self) {
        for (sum, runs) in self.runs.iter_mut().zip(other.runs) {
            *sum += runs;
        }
        self.tally.add(&other.tally);
    }
}

/// Cuts every story at each of its boundaries, on all cores; returns the failure with the fewest
/// cuts.
fn walk(stories: &[Story]) -> Result<Walk, Failed> {
    let mut starts = Vec::new();
    for story in stories {
        let (world, outcome) = story.run(&[], Trace::Silent);
        outcome.map_err(|violation| Failed {
            story: story.name,
            cuts: Vec::new(),
            violation,
        })?;
        starts.extend((0..world.choices.decided()).map(|boundary| (story, boundary)));
    }
    let all_pairs = std::env::var("REELAY_SIM_PAIRS").is_ok_and(|pairs| pairs == "all");
    let next = AtomicUsize::new(0);
    let parts: Vec<_> = std::thread::scope(|scope| {
        let work = || {
            let mut walk = Walk::default();
            while let Some((story, boundary)) = starts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let depth = if story.in_pairs || all_pairs { 2 } else { 1 };
                if let Err(failed) = walk.cut(story, &mut vec![*boundary], depth) {
                    next.store(starts.len(), Ordering::Relaxed);
                    return Err(failed);
                }
            }
            Ok(walk)
        };
        let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a worker ends"))
            .collect()
    });
    let mut whole = Walk::default();
    let mut failures = Vec::new();
    for part in parts {
        match part {
            Ok(walk) => whole.add(&walk),
            Err(failed) => failures.push(failed),
        }
    }
    failures
        .into_iter()
        .min_by_key(|failed| failed.cuts.len())
        .map_or(Ok(whole), Err)
}

/// The story and the cuts to replay.
fn replayed() -> Option<(String, Vec<u64>)> {
    let story = std::env::var("REELAY_SIM_STORY").ok()?;
    let cuts = std::env::var("REELAY_SIM_CUTS").unwrap_or_default();
    Some((
        story,
        cuts.split(',')
            .filter_map(|cut| cut.trim().parse().ok())
            .collect(),
    ))
}

fn replay(name: &str, cuts: &[u64]) {
    let story = stories()
        .into_iter()
        .find(|story| story.name == name)
        .expect("the story must exist");
    let (_, outcome) = story.run(cuts, Trace::Printed);
    assert!(
        outcome.is_ok(),
        "{name}, cut at {cuts:?}: {}",
        outcome.unwrap_err()
    );
}

fn how_to_replay(
    Failed {
        story,
        cuts,
        violation,
    }: &Failed,
) -> String {
    let cuts: Vec<_> = cuts.iter().map(u64::to_string).collect();
    let cuts = cuts.join(",");
    format!(
        "{violation}\n\"{story}\", cut at {cuts}\nreplay it: REELAY_SIM_STORY='{story}' REELAY_SIM_CUTS={cuts} cargo test -p reelay --test sim every_boundary -- --nocapture"
    )
}

#[test]
fn a_cut_at_every_boundary_of_every_story_breaks_nothing() {
    if let Some((story, cuts)) = replayed() {
        replay(&story, &cuts);
        return;
    }
    let stories = stories();
    let mut boundaries = 0;
    for story in &stories {
        let (world, outcome) = story.run(&[], Trace::Silent);
        let cuts = Vec::new();
        outcome.unwrap_or_else(|violation| {
            panic!(
                "{}",
                how_to_replay(&Failed {
                    story: story.name,
                    cuts,
                    violation
                })
            )
        });
        story.assert_told(&world);
        assert!(
            world.choices.decided() >= FEWEST_BOUNDARIES,
            "{}: {}",
            story.name,
            world.choices.decided()
        );
        boundaries += world.choices.decided();
    }
    let walk = walk(&stories).unwrap_or_else(|failed| panic!("{}", how_to_replay(&failed)));
    let [_, single, pairs] = walk.runs;
    assert_eq!(single, boundaries, "each boundary is cut once");
    for cut in [Fault::PosterCrash, Fault::ConsumerCutOff] {
        assert!(walk.tally.faults.contains_key(&cut), "never met: {cut:?}");
    }
    for stage in CUT_PLACES {
        assert!(
            walk.tally.marks.contains_key(&("cut", stage.into())),
            "never cut: {stage}"
        );
    }
    assert!(
        walk.tally
            .marks
            .contains_key(&("post", "stood in for by a message".into())),
        "no enqueue is cut"
    );
    let told = writeln!(
        io::stderr(),
        "{} stories, {boundaries} boundaries, {single} runs with one cut, {pairs} runs with two",
        stories.len()
    );
    told.expect("standard error takes the figures");
}
