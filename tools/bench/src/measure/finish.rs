//! How long after its render a video reaches the app, and how many polls that takes.

use crate::progress;
use crate::reelay;
use crate::report::{Goal, Section, Table};
use crate::statistics::{mean, median, quantile};
use crate::upstream::{API_KEY, Operation, Upstream};
use crate::worker::{Kind, Stage, Worker};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// The measured render times, in seconds.
const TIMES: [f64; 6] = [1.0, 7.0, 12.0, 45.0, 90.0, 200.0];
/// The number of renders of each time. Each is longer than the one before by an equal step, up to
/// [`SPAN`], so that renders do not end at times that suit a poll.
const EACH: usize = 20;
/// In seconds.
const SPAN: f64 = 5.0;
/// The time between two orders; all of them run concurrently.
const BETWEEN: Duration = Duration::from_millis(25);
/// The interval of the fixed poll.
const POLL_INTERVAL_MS: &str = "5000";
/// The limits in seconds for noticing the end of renders of up to two and up to ten minutes.
const GOALS: [(f64, f64); 2] = [(120.0, 2.6), (600.0, 5.2)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    FixedPoll,
    Polled,
    Pushed,
}

const WAYS: [(Way, &str); 3] = [
    (Way::FixedPoll, "poll every 5 s"),
    (Way::Polled, "Reelay"),
    (Way::Pushed, "Reelay, with Google's webhook"),
];

/// The results of the renders of one time.
struct Seen {
    polls: Vec<f64>,
    /// From the end of the render until it was noticed, in seconds.
    noticed: Vec<f64>,
    /// From noticing the end until the webhook arrived, in milliseconds.
    told: Vec<f64>,
}

pub(crate) async fn measure() -> Section {
    let head = [
        "render time, s",
        "way",
        "polls per job",
        "noticed after, median s",
        "p95 s",
        "longest s",
        "then webhook, ms",
    ];
    let mut table = Table::new(&head);
    progress::run(1, 1);
    // They mostly wait, so all run concurrently, under the same conditions of the machine.
    let [fixed, polled, pushed] = WAYS.map(|(way, _)| take(way));
    let (fixed, polled, pushed) = tokio::join!(fixed, polled, pushed);
    for (index, time) in TIMES.iter().enumerate() {
        for ((_, way), seen) in WAYS
            .iter()
            .zip([&fixed[index], &polled[index], &pushed[index]])
        {
            table.row([
                format!("{time:.0} to {:.0}", time + SPAN),
                (*way).to_owned(),
                format!("{:.1}", mean(&seen.polls)),
                format!("{:.2}", median(&seen.noticed)),
                format!("{:.2}", quantile(&seen.noticed, 0.95)),
                format!("{:.2}", quantile(&seen.noticed, 1.0)),
                format!("{:.0}", median(&seen.told)),
            ]);
        }
    }
    Section {
        title: "Finish",
        method: method(),
        table,
        goals: goals(&polled),
    }
}

fn method() -> String {
    format!(
        "From the end of a render at the upstream until a poll notices it, and from there until \
         the webhook arrives with the video in R2; with default settings, in real time. {EACH} \
         renders of each time, with ends spread evenly over {SPAN:.0} s, all concurrent; counted \
         once. Compared with a fixed poll: an object for each job, whose alarm polls every 5 s \
         after the submit (`tools/bench/peers/fixed-poll`)."
    )
}

fn goals(polled: &[Seen]) -> Vec<Goal> {
    let mut from = 0.0;
    let mut goals = Vec::new();
    for (until, most) in GOALS {
        let of = TIMES
            .iter()
            .zip(polled)
            .filter(|(time, _)| (from..until).contains(*time));
        let highest = of
            .map(|(_, seen)| quantile(&seen.noticed, 0.95))
            .fold(0.0, f64::max);
        goals.push(Goal {
            aim: format!(
                "renders of up to {:.0} minutes are noticed within {most} s (p95), by polling alone",
                until / 60.0
            ),
            found: format!("{highest:.2} s at most"),
            met: highest <= most,
            reason: "Polls are 2.5 s or 5 s apart; the poll and its response take the rest."
                .to_owned(),
        });
        from = until;
    }
    goals
}

/// Runs the renders; the results by render time.
async fn take(way: Way) -> Vec<Seen> {
    let upstream = Upstream::start(&[]);
    let kind = if way == Way::FixedPoll {
        Kind::Peer("fixed-poll")
    } else {
        Kind::Reelay
    };
    let stage = Stage::new(kind, false);
    let mut own = vec![("MAX_CONCURRENT_JOBS", "1000")];
    if way == Way::Pushed {
        own.push(("UPSTREAM_WEBHOOK_SECRET", "per-request"));
    }
    let variables = if way == Way::FixedPoll {
        fixed_poll_variables(&upstream, POLL_INTERVAL_MS)
    } else {
        reelay::variables(&upstream, &own)
    };
    let worker = stage.start(&variables);
    let mut ids = BTreeMap::new();
    // The longest renders first, so that all end at about the same time.
    for (index, time) in TIMES.iter().enumerate().rev() {
        for number in 0..EACH {
            let seconds = time + SPAN * (number as f64 + 0.5) / EACH as f64;
            let prompt = format!(
                "A boat, {index}, {number}. [[render:{:.0}]]",
                seconds * 1_000.0
            );
            let id = order(&worker, way, &prompt).await;
            ids.insert(prompt, (index, id));
            tokio::time::sleep(BETWEEN).await;
        }
    }
    while upstream.counts().await.inbox < (TIMES.len() * EACH) as u64 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let arrived: BTreeMap<String, u64> = upstream
        .inbox()
        .await
        .into_iter()
        .filter_map(|one| Some((one.generation_id?, one.received_at)))
        .collect();
    let operations = upstream.operations().await;
    assert_eq!(
        (operations.len(), arrived.len()),
        (ids.len(), ids.len()),
        "every job was paid for once and sent its webhook"
    );
    let of_time = |index: usize| {
        let of: Vec<&Operation> = operations
            .iter()
            .filter(|one| ids[&one.prompt].0 == index)
            .collect();
        let noticed = |one: &Operation| one.told_at_ms.expect("a poll reported the end") as f64;
        Seen {
            polls: of.iter().map(|one| f64::from(one.polls)).collect(),
            noticed: of
                .iter()
                .map(|one| (noticed(one) - one.ready_at_ms as f64).max(0.0) / 1_000.0)
                .collect(),
            told: of
                .iter()
                .map(|one| arrived[&ids[&one.prompt].1] as f64 - noticed(one))
                .collect(),
        }
    };
    (0..TIMES.len()).map(of_time).collect()
}

/// The fixed poll's variables.
pub(super) fn fixed_poll_variables<'a>(
    upstream: &'a Upstream,
    poll_interval: &'a str,
) -> Vec<(&'a str, &'a str)> {
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

/// Orders a video from the fixed poll; returns the job's id.
pub(super) async fn order_fixed_poll(worker: &Worker, prompt: &str) -> String {
    let sent = worker
        .http
        .post(&worker.origin)
        .json(&json!({ "prompt": prompt }))
        .send()
        .await;
    let answer: serde_json::Value = sent
        .expect("the worker answers")
        .json()
        .await
        .expect("the answer is JSON");
    answer["generationId"]
        .as_str()
        .expect("a job has an id")
        .to_owned()
}
