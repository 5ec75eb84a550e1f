//! How long after its render a video is with the app, and how many polls that takes.

use super::RUNS;
use crate::progress;
use crate::reelay;
use crate::report::{Goal, Section, Table};
use crate::statistics::{Spread, mean, median, quantile};
use crate::upstream::{API_KEY, Upstream};
use crate::worker::{Kind, Stage, Worker};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// Renders are so many times as fast as in reality, and so are the polls.
const FACTOR: f64 = 5.0;
/// What Google gives as the range of render times, in seconds.
const SHORTEST: f64 = 11.0;
const LONGEST: f64 = 360.0;
/// What the model that is ordered usually takes, in seconds, as Reelay's table says.
const USUAL: f64 = 60.0;
/// The standard deviation of the logarithm around the usual time: two renders in three take between 47 s and 77 s.
const SPREAD: f64 = 0.25;
const JOBS: usize = 60;
/// Between two orders; all of them are under way together.
const BETWEEN: Duration = Duration::from_millis(50);
/// `POLL_INTERVAL_MS` and `FIRST_POLL_MS` where they are left alone, and the fixed poll.
const POLL_INTERVAL_MS: f64 = 5_000.0;
const FIRST_POLL_MS: f64 = 36_000.0;

/// How render times are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    /// Around what the model usually takes.
    Usual,
    /// Anything in the range, each factor as likely as any other.
    Anything,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    FixedPoll,
    Polled,
    Pushed,
}

const WAYS: [(Way, &str); 3] =
    [(Way::FixedPoll, "poll each 5 s"), (Way::Polled, "Reelay"), (Way::Pushed, "Reelay, told by Google's webhook")];

/// What the runs of one way came to: one figure a run.
#[derive(Default)]
struct Series {
    polls: Vec<f64>,
    noticed_mean: Vec<f64>,
    noticed_median: Vec<f64>,
    noticed_high: Vec<f64>,
    told: Vec<f64>,
}

pub(crate) async fn measure() -> Section {
    let mut table = Table::new(&[
        "render times",
        "way",
        "polls a job",
        "noticed after, mean s",
        "median s",
        "p95 s",
        "then webhook, ms",
    ]);
    let mut goals = Vec::new();
    let mut all = [Times::Usual, Times::Anything].map(|times| (times, WAYS.map(|_| Series::default())));
    for run in 1..=RUNS {
        progress::run(run, RUNS);
        // They wait most of the time, so all are there at once, and meet the machine as it is in the same way.
        let [(_, usual), (_, anything)] = &mut all;
        tokio::join!(take_all(Times::Usual, run, usual), take_all(Times::Anything, run, anything));
    }
    for (times, series) in &all {
        let name = match times {
            Times::Usual => "around the model's usual 60 s",
            Times::Anything => "anywhere from 11 s to 6 min",
        };
        for ((_, way), one) in WAYS.iter().zip(series) {
            table.row([
                name.to_owned(),
                (*way).to_owned(),
                Spread::of(&one.polls).show(1),
                Spread::of(&one.noticed_mean).show(2),
                Spread::of(&one.noticed_median).show(2),
                Spread::of(&one.noticed_high).show(2),
                Spread::of(&one.told).show(0),
            ]);
        }
        let [fixed, polled, pushed] = series;
        for (way, one) in [("polling", polled), ("with Google's webhook", pushed)] {
            goals.push(goal(&format!("{name}, {way}"), one, fixed, reason(*times)));
        }
    }
    Section { title: "Finish", method: method(), table, goals }
}

fn method() -> String {
    format!(
        "From the end of a render at the upstream until a look notices it, and from there until the webhook arrives with the \
         video in R2; {JOBS} jobs a run, under way together, with the settings as they are by default. Beside it a fixed poll: \
         an object a job whose alarm asks each 5 s from the submit on (`tools/bench/peers/fixed-poll`). All of it runs {FACTOR} \
         times as fast as in reality; times until noticed are given as they would be in reality, the webhook's as measured. \
         Render times are quantiles of a log-normal distribution around what the model usually takes (σ = {SPREAD}), or of a \
         log-uniform one over the whole range that Google gives; those of each run lie between those of the others."
    )
}

fn goal(name: &str, one: &Series, fixed: &Series, reason: String) -> Goal {
    let (delay, polls) =
        (Spread::of_ratios(&one.noticed_mean, &fixed.noticed_mean), Spread::of_ratios(&one.polls, &fixed.polls));
    Goal {
        aim: format!("{name}: at most half of the fixed poll's mean delay with no more polls"),
        found: format!("{} × the delay with {} × the polls", delay.show(2), polls.show(2)),
        met: delay.median <= 0.5 && polls.median <= 1.0,
        reason,
    }
}

fn reason(times: Times) -> String {
    match times {
        Times::Usual => format!(
            "The looks are spaced for times that scatter as these do. {JOBS} renders stand to them as it happens, and what a \
             look itself takes counts {FACTOR} times as much here as in reality."
        ),
        Times::Anything => "Where a render may as well end at any time, no order of polls can do that: whatever the spacing, the \
             delay times the polls has a lower bound, which for these times is 0.85 of the fixed poll's. Looks gather around \
             the usual time, which tells nothing here. Google's webhook is what helps."
            .to_owned(),
    }
}

async fn take_all(times: Times, run: usize, series: &mut [Series; 3]) {
    let [fixed, polled, pushed] = series;
    tokio::join!(
        take(Way::FixedPoll, times, run, fixed),
        take(Way::Polled, times, run, polled),
        take(Way::Pushed, times, run, pushed)
    );
}

async fn take(way: Way, times: Times, run: usize, series: &mut Series) {
    let upstream = Upstream::start(&[]);
    let scaled = |ms: f64| format!("{:.0}", ms / FACTOR);
    let (poll, first) = (scaled(POLL_INTERVAL_MS), scaled(FIRST_POLL_MS));
    let kind = if way == Way::FixedPoll { Kind::Peer("fixed-poll") } else { Kind::Reelay };
    let stage = Stage::new(kind, false);
    let mut own = vec![("POLL_INTERVAL_MS", &*poll), ("FIRST_POLL_MS", &*first), ("MAX_CONCURRENT_JOBS", "1000")];
    if way == Way::Pushed {
        own.push(("UPSTREAM_WEBHOOK_SECRET", "per-request"));
    }
    let variables =
        if way == Way::FixedPoll { fixed_poll_variables(&upstream, &poll) } else { reelay::variables(&upstream, &own) };
    let worker = stage.start(&variables);
    let mut prompts = BTreeMap::new();
    for (index, seconds) in render_times(times, run).into_iter().enumerate() {
        // Neighbours in the order of ordering are unlike each other.
        let prompt = format!("A boat, {index}. [[render:{}]]", scaled(seconds * 1_000.0));
        let id = order(&worker, way, &prompt).await;
        prompts.insert(prompt, id);
        tokio::time::sleep(BETWEEN).await;
    }
    while upstream.counts().await.inbox < JOBS as u64 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let arrived: BTreeMap<String, u64> =
        upstream.inbox().await.into_iter().filter_map(|one| Some((one.generation_id?, one.received_at))).collect();
    let operations = upstream.operations().await;
    assert_eq!((operations.len(), arrived.len()), (JOBS, JOBS), "every job was paid once and told of");
    let noticed = |one: &crate::upstream::Operation| one.told_at_ms.expect("it was told") as f64;
    let delays: Vec<f64> =
        operations.iter().map(|one| (noticed(one) - one.ready_at_ms as f64).max(0.0) * FACTOR / 1_000.0).collect();
    let told: Vec<f64> = operations.iter().map(|one| arrived[&prompts[&one.prompt]] as f64 - noticed(one)).collect();
    series.polls.push(mean(&operations.iter().map(|one| f64::from(one.polls)).collect::<Vec<_>>()));
    series.noticed_mean.push(mean(&delays));
    series.noticed_median.push(median(&delays));
    series.noticed_high.push(quantile(&delays, 0.95));
    series.told.push(median(&told));
}

/// The fixed poll's variables.
pub(super) fn fixed_poll_variables<'a>(upstream: &'a Upstream, poll_interval: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("UPSTREAM", &upstream.origin),
        ("APP", &upstream.origin),
        ("API_KEY", API_KEY),
        ("MODEL", "veo-3.1-generate-001"),
        ("POLL_INTERVAL_MS", poll_interval),
    ]
}

async fn order(worker: &Worker, way: Way, prompt: &str) -> String {
    if way == Way::FixedPoll {
        order_fixed_poll(worker, prompt).await
    } else {
        reelay::order(worker, "user", prompt).await
    }
}

/// Orders a video of the fixed poll; the job's id.
pub(super) async fn order_fixed_poll(worker: &Worker, prompt: &str) -> String {
    let sent = worker.http.post(&worker.origin).json(&json!({ "prompt": prompt })).send().await;
    let answer: serde_json::Value = sent.expect("the worker answers").json().await.expect("the answer is JSON");
    answer["generationId"].as_str().expect("a job has an id").to_owned()
}

/// How long the renders of a run take, in seconds. The times of all runs lie between each other, because so few as one run
/// has stand to the looks as it happens.
fn render_times(times: Times, run: usize) -> Vec<f64> {
    let within = (run as f64 - 0.5) / RUNS as f64;
    // Coprime to their number, so that each comes once, in no order.
    let place = |index: usize| ((index * 37) % JOBS) as f64;
    let share = |index: usize| (place(index) + within) / JOBS as f64;
    let of = |share: f64| match times {
        Times::Usual => (USUAL * (SPREAD * normal_quantile(share)).exp()).clamp(SHORTEST, LONGEST),
        Times::Anything => SHORTEST * (LONGEST / SHORTEST).powf(share),
    };
    (0..JOBS).map(|index| of(share(index))).collect()
}

/// Below which value the share `p` of a standard normal distribution lies, by bisection.
fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-6.0, 6.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if normal_share(middle) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The share of a standard normal distribution below `z`, by Simpson's rule from 0 on.
fn normal_share(z: f64) -> f64 {
    const STEPS: u32 = 200;
    let density = |x: f64| (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let width = z / f64::from(STEPS);
    let inner: f64 =
        (1..STEPS).map(|step| density(width * f64::from(step)) * if step % 2 == 1 { 4.0 } else { 2.0 }).sum();
    0.5 + (density(0.0) + inner + density(z)) * width / 3.0
}

#[cfg(test)]
mod tests {
    use super::{JOBS, LONGEST, RUNS, SHORTEST, Times, USUAL, normal_quantile, render_times};
    use crate::statistics::median;

    #[test]
    fn the_normal_quantiles_are_those_of_the_tables() {
        for (p, z) in [(0.5, 0.0), (0.841_344_75, 1.0), (0.975, 1.959_964), (0.01, -2.326_348)] {
            assert!((normal_quantile(p) - z).abs() < 1e-4, "{p}");
        }
    }

    #[test]
    fn render_times_keep_to_the_range_and_lie_around_their_middle() {
        for (times, middle) in [(Times::Usual, USUAL), (Times::Anything, (SHORTEST * LONGEST).sqrt())] {
            let all: Vec<f64> = (1..=RUNS).flat_map(|run| render_times(times, run)).collect();
            assert_eq!(all.len(), JOBS * RUNS);
            assert!(all.iter().all(|seconds| (SHORTEST..=LONGEST).contains(seconds)));
            assert!((median(&all) / middle - 1.0).abs() < 0.02, "{times:?}");
        }
    }
}
