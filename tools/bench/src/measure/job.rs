//! What a whole job costs, compared with the same job as a Cloudflare Workflow.

use super::accept::floor;
use super::runs;
use crate::clock;
use crate::load::{Load, load};
use crate::progress;
use crate::reelay;
use crate::report::{Goal, Section, Table};
use crate::statistics::{Spread, mean, number, quantile};
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage, Worker};
use crate::workflow;
use std::collections::BTreeSet;
use std::time::Duration;

/// Jobs whose processor time is measured, `AT_ONCE` orders at a time.
const JOBS: usize = 300;
const AT_ONCE: usize = 16;
const WARM_UP: usize = 50;
/// Orders sent one after the other, to measure the time of each.
const ORDERS: usize = 300;
/// Orders that arrive at once, and the number of connections.
const BURST: usize = 2_000;
const CONNECTIONS: usize = 100;
const USERS: usize = 100;
/// The render is done before the first poll; the video has 20 KB.
const SHORT: &str = "[[render:0 download:bytes:20480]]";
const POLL_INTERVAL_MS: &str = "100";
/// As many slots as can be set: the peer has no limit.
const SLOTS: (&str, &str) = ("MAX_CONCURRENT_JOBS", "1000");
/// A render that lasts until the end of the measurement, and is not polled meanwhile.
const LONG: &str = "[[render:3600000]]";
const NO_POLL_MS: &str = "600000";
/// Longer than the time between two polls.
const TIMEOUT: (&str, &str) = ("JOB_TIMEOUT_MS", "86400000");
/// Slots for the orders of the warm-up and those that start at once; the others wait.
const ACCEPT_SLOTS: (&str, &str) = ("MAX_CONCURRENT_JOBS", "350");
/// The time after the last webhook in which the last jobs finish their work.
const TAIL: Duration = Duration::from_secs(2);
/// How long the webhooks of a run may take.
const PATIENCE: Duration = Duration::from_mins(3);
/// The goals.
const PROCESSOR: f64 = 1.0;
const ACCEPT: f64 = 1.2;
const OVER_FLOOR: f64 = 1.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Reelay,
    Workflow,
}

#[derive(Default)]
struct Series {
    /// The runtime's processor time of a job, in milliseconds.
    processor: Vec<f64>,
    polls: Vec<f64>,
    /// The p50 of an order that starts at once, in milliseconds.
    starts: Vec<f64>,
    /// The same for an order that must wait.
    waits: Vec<f64>,
    /// Until the last order of the burst was accepted, in seconds.
    accepted: Vec<f64>,
    /// Until the last webhook of the burst, in seconds.
    finished: Vec<f64>,
    lost: usize,
    paid_twice: usize,
}

pub(crate) async fn measure() -> Section {
    let (mut reelay, mut peer, mut floor) = (Series::default(), Series::default(), Vec::new());
    for run in 1..=runs() {
        progress::run(run, runs());
        floor.push(accept_of_the_floor().await);
        for (side, series) in [(Side::Workflow, &mut peer), (Side::Reelay, &mut reelay)] {
            series.take_accepts(side).await;
            series.take_jobs(side).await;
            series.say(side);
        }
    }
    section(&reelay, &peer, &floor)
}

impl Side {
    fn stage(self) -> Stage {
        let kind = match self {
            Self::Reelay => Kind::Reelay,
            Self::Workflow => workflow::KIND,
        };
        Stage::new(kind, false)
    }

    fn start(
        self,
        stage: &Stage,
        upstream: &Upstream,
        slots: (&str, &str),
        poll_interval: &str,
    ) -> Worker {
        match self {
            Self::Reelay => {
                let own = [slots, ("POLL_INTERVAL_MS", poll_interval), TIMEOUT];
                stage.start(&reelay::variables(upstream, &own))
            }
            Self::Workflow => stage.start(&workflow::variables(upstream, poll_interval)),
        }
    }

    async fn order(self, worker: &Worker, index: usize, prompt: &str) {
        match self {
            Self::Reelay => {
                reelay::order(worker, &format!("user-{}", index % USERS), prompt).await;
            }
            Self::Workflow => workflow::order(worker, prompt).await,
        }
    }
}

/// The p50 of an order to two objects, in milliseconds.
async fn accept_of_the_floor() -> f64 {
    let stage = Stage::new(Kind::Peer("floor"), false);
    let worker = stage.start(&[]);
    load(WARM_UP, 1, |_| floor(&worker, "both")).await;
    let Load { took, .. } = load(ORDERS, 1, |_| floor(&worker, "both")).await;
    quantile(&took, 0.5)
}

impl Series {
    async fn take_accepts(&mut self, side: Side) {
        let upstream = Upstream::start(&[]);
        let stage = side.stage();
        let worker = side.start(&stage, &upstream, ACCEPT_SLOTS, NO_POLL_MS);
        let send = |index| {
            let worker = &worker;
            async move {
                let prompt = format!("A paper boat, {index}. {LONG}");
                side.order(worker, index, &prompt).await;
            }
        };
        load(WARM_UP, 1, send).await;
        let Load { took, .. } = load(ORDERS, 1, |index| send(WARM_UP + index)).await;
        self.starts.push(quantile(&took, 0.5));
        let started = WARM_UP + ORDERS;
        if side == Side::Reelay {
            let Load { took, .. } = load(ORDERS, 1, |index| send(started + index)).await;
            self.waits.push(quantile(&took, 0.5));
        }
        while upstream.counts().await.operations < started as u64 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn take_jobs(&mut self, side: Side) {
        let upstream = Upstream::start(&[]);
        let stage = side.stage();
        let worker = side.start(&stage, &upstream, SLOTS, POLL_INTERVAL_MS);
        let run = async |name: &str, count: usize, at_once: usize| {
            upstream.reset().await;
            let send = |index| {
                let worker = &worker;
                async move {
                    let prompt = format!("A paper boat, {name} {index}. {SHORT}");
                    side.order(worker, index, &prompt).await;
                }
            };
            let began = clock::unix_ms();
            load(count, at_once, send).await;
            let accepted = (clock::unix_ms() - began) / 1_000.0;
            upstream.webhooks(count as u64, PATIENCE).await;
            (began, accepted)
        };
        run("warm-up", WARM_UP, AT_ONCE).await;
        tokio::time::sleep(TAIL).await;
        let before = worker.processor_time();
        run("job", JOBS, AT_ONCE).await;
        tokio::time::sleep(TAIL).await;
        let spent = worker.processor_time().saturating_sub(before);
        self.processor
            .push(spent.as_secs_f64() * 1_000.0 / JOBS as f64);
        let polls: Vec<f64> = upstream
            .operations()
            .await
            .iter()
            .map(|one| f64::from(one.polls))
            .collect();
        self.polls.push(mean(&polls));
        self.check(&upstream, JOBS).await;
        let (began, accepted) = run("burst", BURST, CONNECTIONS).await;
        self.accepted.push(accepted);
        let last = self.check(&upstream, BURST).await;
        self.finished.push((last - began) / 1_000.0);
    }

    /// Counts jobs that are lost or paid twice; returns when the last webhook arrived.
    async fn check(&mut self, upstream: &Upstream, jobs: usize) -> f64 {
        let arrived = upstream.inbox().await;
        let completed: BTreeSet<_> = arrived
            .iter()
            .filter(|one| one.event.as_deref() == Some("generation.completed"))
            .filter_map(|one| one.generation_id.as_deref())
            .collect();
        let operations = upstream.operations().await;
        let prompts: BTreeSet<_> = operations.iter().map(|one| one.prompt.as_str()).collect();
        self.lost += jobs.saturating_sub(completed.len());
        self.paid_twice += operations.len() - prompts.len();
        let times = arrived.iter().map(|one| one.received_at);
        times.max().unwrap_or_default() as f64
    }

    fn say(&self, side: Side) {
        let last = |values: &[f64]| values.last().copied().unwrap_or(f64::NAN);
        progress::say(&format!(
            "{side:?}: {:.2} ms processor a job, accept p50 {:.1} ms, {} orders at once in {:.1} s",
            last(&self.processor),
            last(&self.starts),
            number(BURST as f64, 0),
            last(&self.finished)
        ));
    }
}

/// Why a job of Reelay takes more than one of the Workflow.
const MORE: &str = "Reelay does more for each job: two objects instead of one, a place in the \
                    queue, limits, budgets, lists, metrics, and a log line for each step.";
/// What was changed to reach the goal.
const TAKEN: &str = "Taken: objects keep their rows in memory and write them through; the queue \
                     keeps its numbers instead of counting rows; an entry is found once a step; \
                     the rows of a query cross as one text; a step reads the clock once and draws \
                     random bytes once; R2 is not asked again after a put; a job that starts at \
                     once is saved once instead of twice; `wasm-opt -O3`.";
const NOT_TAKEN: &str = "Not taken: `opt-level` 3, which took 1.05 × the time of \"s\" with the \
                         same `wasm-opt -O3`, and makes the upload 150 KiB larger; microtasks by \
                         promises instead of `queueMicrotask`, which a profile shows with a tenth \
                         of the time, because the runtime ties a promise to the request that made \
                         it; calls between \
                         objects by RPC, because `worker-build` exports classes that do not \
                         extend `DurableObject`; a job without its second report, because lists \
                         would show the state of its webhook a minute late; fewer log lines, which \
                         are a sixteenth, because people debug with them. Not tried: a job that \
                         enqueues itself. The profile has no other large part: SQL is a ninth.";

fn section(reelay: &Series, peer: &Series, floor: &[f64]) -> Section {
    Section {
        title: "A job",
        method: method(),
        table: table(reelay, peer, floor),
        goals: goals(reelay, peer, floor),
    }
}

fn method() -> String {
    format!(
        "A whole job: order, submit, one poll after {POLL_INTERVAL_MS} ms, a video of 20 KB, \
         webhook. Compared with the same job as a Cloudflare Workflow of about 90 lines \
         (`tools/bench/peers/workflow`), which has no queue, limits, budgets, users, lists, \
         metrics or log. Processor time is that of the runtime for {JOBS} jobs, ordered \
         {AT_ONCE} at a time, until {} s after the last webhook. Accept is the p50 of {ORDERS} \
         orders, one after the other: of orders that start at once, and of orders that must \
         wait. The floor starts nothing, so it is compared with the latter. It is the floor of \
         \"Accept\" with two objects. At last {} orders over {CONNECTIONS} connections at once, \
         with {} slots, the most that can be set. The local runtime's Workflows set no alarm, and \
         Cloudflare's own were not measured.",
        TAIL.as_secs(),
        number(BURST as f64, 0),
        SLOTS.1,
    )
}

fn table(reelay: &Series, peer: &Series, floor: &[f64]) -> Table {
    let mut table = Table::new(&[
        "",
        "Reelay",
        "Workflow",
        "floor",
        "Reelay ÷ Workflow",
        "Reelay ÷ floor",
    ]);
    let empty = String::new;
    let ratio =
        |these: &[f64], others: &[f64]| format!("{} ×", Spread::of_ratios(these, others).show(2));
    let row = |name: &str, digits: usize, of: fn(&Series) -> &Vec<f64>| {
        [
            name.to_owned(),
            Spread::of(of(reelay)).show(digits),
            Spread::of(of(peer)).show(digits),
            empty(),
            ratio(of(reelay), of(peer)),
            empty(),
        ]
    };
    table.row(row("processor time of a job, ms", 2, |one| &one.processor));
    table.row(row("polls per job", 2, |one| &one.polls));
    table.row(row("accept, starts at once, p50 ms", 1, |one| &one.starts));
    table.row([
        "accept, must wait, p50 ms".to_owned(),
        Spread::of(&reelay.waits).show(1),
        empty(),
        Spread::of(floor).show(1),
        empty(),
        ratio(&reelay.waits, floor),
    ]);
    let burst = number(BURST as f64, 0);
    let accepted = format!("{burst} at once: accepted within, s");
    table.row(row(&accepted, 1, |one| &one.accepted));
    let finished = format!("{burst} at once: last webhook after, s");
    table.row(row(&finished, 1, |one| &one.finished));
    let counts = |name: &str, of: fn(&Series) -> usize| {
        let all = number((runs() * (JOBS + BURST)) as f64, 0);
        [
            format!("{name}, of {all}"),
            of(reelay).to_string(),
            of(peer).to_string(),
            empty(),
            empty(),
            empty(),
        ]
    };
    table.row(counts("lost", |one| one.lost));
    table.row(counts("paid twice", |one| one.paid_twice));
    table
}

fn goals(reelay: &Series, peer: &Series, floor: &[f64]) -> Vec<Goal> {
    let processor = Spread::of_ratios(&reelay.processor, &peer.processor);
    let accept = Spread::of_ratios(&reelay.starts, &peer.starts);
    let over_floor = Spread::of_ratios(&reelay.waits, floor);
    let burst = Spread::of_ratios(&reelay.finished, &peer.finished);
    vec![
        Goal {
            aim: format!("a job takes at most {PROCESSOR:.1} × the processor time of the Workflow"),
            found: format!("{} ×", processor.show(2)),
            met: processor.median <= PROCESSOR,
            reason: format!("{MORE} {TAKEN} {NOT_TAKEN}"),
        },
        Goal {
            aim: format!(
                "accept: p50 at most {ACCEPT} × the Workflow's, and at most {OVER_FLOOR} × that \
                 of the floor with two objects"
            ),
            found: format!("{} × and {} ×", accept.show(2), over_floor.show(2)),
            met: accept.median <= ACCEPT && over_floor.median <= OVER_FLOOR,
            reason: "An order is durable in its job before the queue gives it a place. The \
                     Workflow writes to one object, and the floor checks nothing."
                .to_owned(),
        },
        Goal {
            aim: format!(
                "the last webhook of {} orders at once comes sooner than with the Workflow",
                number(BURST as f64, 0)
            ),
            found: format!("{} × its time", burst.show(2)),
            met: burst.median < 1.0,
            reason: "The runtime is at its limit for all of this time, so it is the processor \
                     time of a job again."
                .to_owned(),
        },
        Goal {
            aim: "no job of Reelay is lost or paid twice".to_owned(),
            found: format!("{} lost, {} paid twice", reelay.lost, reelay.paid_twice),
            met: reelay.lost == 0 && reelay.paid_twice == 0,
            reason: "This is a defect.".to_owned(),
        },
    ]
}
