//! Readers, a long line and orders together, for minutes.

use super::is_quick;
use crate::clock;
use crate::load::{count, load, paced};
use crate::progress;
use crate::reelay::{self, Ordered, Reader};
use crate::report::{Goal, Section, Table};
use crate::statistics::{number, quantile};
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage, Worker};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval_at};

/// The waiting jobs at the beginning, and how many users they are spread over.
const LINE: usize = 10_000;
const QUICK_LINE: usize = 2_000;
/// Each reader reads one of the last jobs of the line, with this time between two reads.
const READERS: usize = 1_000;
const EVERY: Duration = Duration::from_secs(2);
/// Orders a second.
const RATE: f64 = 200.0 / 60.0;
/// How many orders may be unanswered.
const AT_MOST: usize = 500;
const MINUTES: u32 = 5;
/// As many slots as make the line a little shorter with each minute: a render is found done by its
/// second or third poll.
const SETTINGS: [(&str, &str); 2] = [("MAX_CONCURRENT_JOBS", "30"), ("JOB_TIMEOUT_MS", "3600000")];
const PROMPT: &str = "[[render:4000 download:bytes:20480]]";
/// How many of the new jobs are read at a time, at the end.
const AT_ONCE: usize = 16;

/// What happened to the orders and the reads.
#[derive(Default)]
struct Seen {
    orders: Vec<f64>,
    reads: Vec<f64>,
    /// Reads that were not answered with the generation.
    unread: usize,
    refused: Vec<String>,
    /// New jobs that are unknown or failed at the end.
    lost: usize,
    /// Generations that the queue does not know at the end.
    unknown: usize,
    paid_twice: usize,
    completed: usize,
    seconds: f64,
}

pub(crate) async fn measure() -> Section {
    let (line, minutes) = if is_quick() {
        (QUICK_LINE, 1)
    } else {
        (LINE, MINUTES)
    };
    let upstream = Upstream::start(&[]);
    let stage = Stage::new(Kind::Reelay, false);
    let worker = stage.start(&reelay::variables(&upstream, &SETTINGS));
    progress::say(&format!("{line} orders"));
    let prompt = |name: &str, index: usize| format!("A boat, {name} {index}. {PROMPT}");
    // In the order in which they arrive, so that the last ones are the last of the line.
    let waiting = reelay::orders(&worker, line, READERS, |index| prompt("early", index)).await;
    progress::say(&format!("{minutes} minutes"));
    let began = clock::now();
    let until = began + Duration::from_mins(1) * minutes;
    let readers: Vec<_> = waiting[line - READERS..]
        .iter()
        .enumerate()
        .map(|(index, job)| {
            read(
                &worker,
                job.clone(),
                began + EVERY.mul_f64(index as f64 / READERS as f64),
                until,
            )
        })
        .collect();
    let answers = Mutex::new((Vec::new(), Vec::new()));
    let send = |index: usize| {
        let (worker, answers, prompt) = (&worker, &answers, prompt("late", index));
        async move {
            let user = format!("user-{}", index % READERS);
            let answer = reelay::try_order(worker, &user, &prompt).await;
            let mut answers = answers.lock().expect("no order panics");
            match answer {
                Ok(id) => answers.0.push(Ordered { user, id }),
                Err(why) => answers.1.push(why),
            }
        }
    };
    let count = count(RATE, 60.0 * f64::from(minutes));
    let ticks = async {
        for _ in 0..minutes {
            tokio::time::sleep(Duration::from_mins(1)).await;
            worker.tick().await;
        }
    };
    let (orders, ()) = tokio::join!(paced(RATE, count, AT_MOST, send), ticks);
    let mut seen = Seen {
        orders,
        ..Seen::default()
    };
    for reader in readers {
        let (took, unread) = reader.await.expect("a reader does not panic");
        seen.reads.extend(took);
        seen.unread += unread;
    }
    seen.seconds = began.elapsed().as_secs_f64();
    let (accepted, refused) = answers.into_inner().expect("no order panics");
    seen.refused = refused;
    seen.check(&worker, &upstream, line, &accepted).await;
    seen.section(line, minutes)
}

/// Reads a job again and again, in a task of its own. Returns how long each read took, in
/// milliseconds, and how many were not answered.
fn read(
    worker: &Worker,
    job: Ordered,
    from: Instant,
    until: Instant,
) -> JoinHandle<(Vec<f64>, usize)> {
    let reader = Reader::of(worker);
    tokio::spawn(async move {
        let (mut took, mut unread) = (Vec::new(), 0);
        let mut due = interval_at(from.into(), EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            due.tick().await;
            let began = clock::now();
            if began >= until {
                return (took, unread);
            }
            if reader.status(&job).await.is_none() {
                unread += 1;
            }
            took.push(clock::since(began));
        }
    })
}

impl Seen {
    /// Looks for every job, and for renders that were paid for twice.
    async fn check(
        &mut self,
        worker: &Worker,
        upstream: &Upstream,
        line: usize,
        accepted: &[Ordered],
    ) {
        let arrived = upstream.inbox().await;
        let completed: BTreeSet<_> = arrived
            .iter()
            .filter(|one| one.event.as_deref() == Some("generation.completed"))
            .filter_map(|one| one.generation_id.as_deref())
            .collect();
        self.completed = completed.len();
        let operations = upstream.operations().await;
        let prompts: BTreeSet<_> = operations.iter().map(|one| one.prompt.as_str()).collect();
        self.paid_twice = operations.len() - prompts.len();
        let known = usize::try_from(reelay::known(worker).await).unwrap_or(0);
        self.unknown = (line + accepted.len()).saturating_sub(known);
        let (reader, lost) = (Reader::of(worker), Mutex::new(0));
        let look = |index: usize| {
            let (reader, lost, job) = (&reader, &lost, &accepted[index]);
            async move {
                let status = reader.status(job).await;
                if !matches!(
                    status.as_deref(),
                    Some("queued" | "processing" | "completed")
                ) {
                    *lost.lock().expect("no read panics") += 1;
                }
            }
        };
        load(accepted.len(), AT_ONCE, look).await;
        self.lost = lost.into_inner().expect("no read panics");
    }

    fn section(&self, line: usize, minutes: u32) -> Section {
        let lost = self.lost + self.unknown;
        let mut table = Table::new(&["", "number", "per minute", "p50, ms", "p99, ms"]);
        let mut row = |name: &str, count: usize, took: &[f64]| {
            let times = [0.5, 0.99].map(|p| {
                if took.is_empty() {
                    String::new()
                } else {
                    number(quantile(took, p), 1)
                }
            });
            let rate = count as f64 * 60.0 / self.seconds;
            table.row(
                [name.to_owned(), number(count as f64, 0), number(rate, 0)]
                    .into_iter()
                    .chain(times),
            );
        };
        row("orders", self.orders.len(), &self.orders);
        row("reads", self.reads.len(), &self.reads);
        row("jobs completed", self.completed, &[]);
        row("orders refused", self.refused.len(), &[]);
        row("reads not answered", self.unread, &[]);
        row("jobs lost", lost, &[]);
        row("jobs paid twice", self.paid_twice, &[]);
        let readers = number(READERS as f64, 0);
        let none = [self.refused.len(), self.unread, lost, self.paid_twice];
        Section {
            title: "Sustained load",
            method: format!(
                "{readers} readers, each of whom reads a waiting job every {} s, so that {} reads \
                 a minute are due; {} jobs waiting at the beginning; and {:.0} orders a minute, for {minutes} minutes, with a sweep \
                 every minute. {} slots, renders of 4 s, a video of 20 KB, default polling. A \
                 reader whose read takes longer reads less often. At the end the queue is asked \
                 how many generations it knows, and each new one is read.",
                EVERY.as_secs(),
                number(READERS as f64 * 60.0 / EVERY.as_secs_f64(), 0),
                number(line as f64, 0),
                RATE * 60.0,
                SETTINGS[0].1,
            ),
            table,
            goals: vec![Goal {
                aim: "no order refused, no job lost or paid twice, every read answered".to_owned(),
                found: format!(
                    "{} refused, {} lost, {} paid twice, {} reads not answered",
                    self.refused.len(),
                    lost,
                    self.paid_twice,
                    self.unread
                ),
                met: none.iter().all(|count| *count == 0),
                reason: self.refused.first().map_or_else(
                    || "This is a defect.".to_owned(),
                    |why| format!("The first refusal: {why}."),
                ),
            }],
        }
    }
}
