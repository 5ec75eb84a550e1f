//! What is counted (I18): compared with what the jobs did, with what the queue remembers of them,
//! and with what the outside saw, when everything is quiet.

use crate::job_alarm::effect_name;
use crate::rows::MapRows;
use crate::turns::Grants;
use crate::upstream::Verdict;
use crate::witness::Invariant;
use crate::world::World;
use reelay::ids::JobKey;
use reelay::machine::job::{Answer, Job, Progress, SubmitAnswer};
use reelay::machine::metrics::{
    Count, Metric, Metrics, MetricsByUpstream, TABLE, UpstreamCall, table,
};
use reelay::machine::outcome::{Outcome, Trouble};
use reelay::machine::queue::{Entry, Rows as _, totals};
use reelay::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// What the oracle has seen so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// The jobs that the queue ever had an entry of, by creation time.
    known: BTreeSet<(JobKey, Millis)>,
    /// How many slots were granted.
    granted: u64,
    /// The counts of the entries that are gone.
    removed: MetricsByUpstream,
    /// What was charged, less what was given back.
    charged: i128,
    /// The own counts of jobs that are gone.
    gone: MetricsByUpstream,
    /// How many effects of each kind each job has begun, by its incarnation.
    begun: BTreeMap<(usize, u64, &'static str), u64>,
    /// The job whose poll has just been answered and must be counted.
    polled: Option<usize>,
    /// How many attempts of each job have ended, by its incarnation.
    ended: BTreeMap<(usize, u64), u64>,
    /// A job got a new entry after its first one was gone, and is counted from its beginning again.
    counted_anew: bool,
}

/// The metrics that the queue counts itself.
const OWN: [&Metric; 5] = [
    &table::ACCEPTED,
    &table::STARTED,
    &table::WAIT,
    &table::CHARGED,
    &table::RETURNED,
];

impl World {
    /// Observes a step of a job that has just been saved.
    pub(crate) fn count_job(&mut self, number: usize, before: Option<&Job>, after: &Job) {
        let incarnation = self.witness.incarnation(number);
        if let Some(begun) = &after.in_flight
            && before
                .and_then(|before| before.in_flight.as_ref())
                .is_none_or(|before| before.number != begun.number)
        {
            *self
                .counts
                .begun
                .entry((number, incarnation, effect_name(&begun.effect)))
                .or_default() += 1;
        }
        if self
            .counts
            .polled
            .take_if(|polled| *polled == number)
            .is_some()
        {
            *self
                .counts
                .begun
                .entry((number, incarnation, "Poll"))
                .or_default() += 1;
        }
        let ends = |job: &Job| job.status().is_terminal().then_some(job.attempt);
        if ends(after).is_some() && before.and_then(ends) != ends(after) {
            *self.counts.ended.entry((number, incarnation)).or_default() += 1;
        }
        if before.is_some_and(|before| !before.metrics.minus(&after.metrics).is_empty()) {
            self.violated(
                Invariant::I18,
                format!("job {number} counts less than before"),
            );
        }
    }

    /// A poll is answered: it counts with the next write, unless it found the render running.
    pub(crate) fn expect_poll_to_count(&mut self, number: usize, answer: &Answer) {
        let polled = matches!(answer, Answer::Polled { .. });
        let running = matches!(
            answer,
            Answer::Polled {
                outcome: Ok(Progress::Running),
                ..
            }
        );
        self.counts.polled = (polled && !running).then_some(number);
    }

    /// The poll's answer was not saved, and is lost.
    pub(crate) fn expect_no_poll_to_count(&mut self) {
        self.counts.polled = None;
    }

    /// The job is about to be deleted.
    pub(crate) fn count_gone(&mut self, number: usize) {
        if let Some(job) = self.jobs[number].job.clone() {
            self.check_own_counts(number, &job);
            self.counts.gone.of(&upstream_of(&job)).add(&job.metrics);
        }
    }

    /// Observes a step of the queue that has just been saved.
    pub(crate) fn count_queue(&mut self, rows: &MapRows, grants: &Grants) {
        self.counts.granted += grants.admitted.len() as u64;
        for key in rows.touched() {
            let (before, after) = (rows.before(&key), rows.entries.get(&key));
            if let Some(entry) = after {
                let made = entry.summary.created_at;
                let is_new = before.is_none_or(|before| before.summary.created_at != made);
                self.counts.counted_anew |=
                    is_new && !self.counts.known.insert((key.clone(), made));
            }
            if let Some(before) = before
                && after.is_none_or(|after| after.summary.created_at != before.summary.created_at)
            {
                self.counts
                    .removed
                    .of(&before.summary.upstream)
                    .add(&before.summary.metrics);
            }
            let charged = |entry: Option<&Entry>| i128::from(entry.map_or(0, Entry::charged));
            let kept = before
                .filter(|before| {
                    after.is_none_or(|after| after.summary.created_at != before.summary.created_at)
                })
                .map_or(0, |gone| {
                    crate::spending::kept(gone)
                        .iter()
                        .map(|charge| i128::from(charge.micros))
                        .sum()
                });
            self.counts.charged += charged(after) - charged(before) + kept;
        }
    }

    /// I18: everything that happened is counted once, whatever was lost, repeated or late.
    pub(crate) fn check_counts(&mut self) {
        let Ok(memory) = self.queue.rows.memory();
        let Ok(mut totals) = totals(&*self.queue.rows, &memory);
        let whole = totals.whole();
        let (accepted, known) = (whole.of(Count::Accepted), self.counts.known.len() as u64);
        let exact = !self.counts.counted_anew;
        if accepted < known || (accepted > known && exact) {
            self.violated(
                Invariant::I18,
                format!("{accepted} jobs are counted as accepted, but the queue knew {known}"),
            );
        }
        let (started, granted) = (whole.of(Count::Started), self.counts.granted);
        if started != granted || whole.histogram(&table::WAIT, None).count() != granted {
            self.violated(
                Invariant::I18,
                format!("{started} slots are counted, but {granted} were granted"),
            );
        }
        let spent = i128::from(whole.of(Count::Charged)) - i128::from(whole.of(Count::Returned));
        if spent != self.counts.charged {
            self.violated(
                Invariant::I18,
                format!(
                    "{spent} is counted as charged, but {} was charged",
                    self.counts.charged
                ),
            );
        }
        let mut remembered = std::mem::take(&mut self.counts.removed);
        let mut told = std::mem::take(&mut self.counts.gone);
        for entry in self.queue.rows.entries.values() {
            remembered
                .of(&entry.summary.upstream)
                .add(&entry.summary.metrics);
        }
        for number in 0..self.jobs.len() {
            let Some(job) = self.jobs[number].job.clone() else {
                continue;
            };
            told.of(&upstream_of(&job)).add(&job.metrics);
            self.check_own_counts(number, &job);
        }
        self.compare("the queue remembers", &mut totals, &mut remembered, true);
        if !exact {
            return;
        }
        // After the clock was set back, a job may look older than one that was withdrawn before it,
        // and the queue ignores its reports.
        let heard = !self.witness.set_back;
        self.compare("the jobs have told", &mut totals, &mut told, heard);
    }

    /// Compares the counters with `others`. Unless `whole`, `others` may be less.
    fn compare(
        &mut self,
        source: &str,
        totals: &mut MetricsByUpstream,
        others: &mut MetricsByUpstream,
        whole: bool,
    ) {
        let upstreams: BTreeSet<String> = totals
            .iter()
            .chain(others.iter())
            .map(|(upstream, _)| upstream.to_owned())
            .collect();
        for upstream in upstreams {
            let (counted, other) = (of_jobs(totals.of(&upstream)), of_jobs(others.of(&upstream)));
            let more: Vec<_> = counted
                .iter()
                .filter(|(series, count)| other.get(*series) < Some(count))
                .collect();
            let less: Vec<_> = other
                .iter()
                .filter(|(series, count)| counted.get(*series) < Some(count))
                .collect();
            if !more.is_empty() || (whole && !less.is_empty()) {
                let message =
                    format!("{upstream}: counted {more:?}, {source} {less:?} (else the same)");
                self.violated(Invariant::I18, message);
            }
        }
    }

    /// A job's own counters are what it did.
    fn check_own_counts(&mut self, number: usize, job: &Job) {
        let incarnation = self.witness.incarnation(number);
        let begun = |effect| {
            self.counts
                .begun
                .get(&(number, incarnation, effect))
                .copied()
                .unwrap_or(0)
        };
        let metrics = &job.metrics;
        let calls = |call| calls_of(job, call);
        let made = ["Submit", "Poll", "Store", "CancelUpstream", "Deliver"].map(begun);
        let counted = [
            calls("submit"),
            calls("poll"),
            calls("fetch"),
            calls("cancel"),
            metrics.sum(&table::WEBHOOK_ATTEMPTS),
        ];
        let ended = self
            .counts
            .ended
            .get(&(number, incarnation))
            .copied()
            .unwrap_or(0);
        let ledger = |answer| {
            job.submits
                .iter()
                .filter(|row| row.answer == answer)
                .count() as u64
        };
        let submits =
            |outcome: &Outcome<()>| metrics.of(Count::call(UpstreamCall::Submit, outcome));
        let done = submits(&Ok(()));
        let seen = self.upstream.calls.iter().filter(|call| {
            call.job == number
                && call.incarnation == incarnation
                && call.verdict == Verdict::Accepted
                && call.answered
        });
        if counted != made || metrics.sum(&table::ATTEMPTS) != ended {
            let message = format!(
                "job {number} began {made:?} and ended {ended} attempts, it counted {metrics:?}"
            );
            self.violated(Invariant::I18, message);
        } else if done != ledger(SubmitAnswer::Accepted)
            || submits(&Err(Trouble::Unknown)) != ledger(SubmitAnswer::Unknown)
        {
            let message = format!(
                "job {number}'s ledger has {:?}, but it counted {metrics:?}",
                job.submits
            );
            self.violated(Invariant::I18, message);
        } else if done > seen.count() as u64 {
            self.violated(
                Invariant::I18,
                format!("job {number} counted {done} accepted submits, more than the upstream did"),
            );
        }
    }
}

fn calls_of(job: &Job, call: &str) -> u64 {
    job.metrics
        .of_metric(&table::CALLS)
        .filter(|(labels, _)| labels[0] == call)
        .map(|(_, count)| count)
        .sum()
}

/// Every counter of a job, by series.
fn of_jobs(metrics: &Metrics) -> BTreeMap<String, u64> {
    let counters = TABLE
        .iter()
        .filter(|metric| !OWN.iter().any(|own| own.key == metric.key));
    let series = counters.flat_map(|metric| {
        metrics
            .of_metric(metric)
            .map(|(labels, count)| (format!("{} {labels:?}", metric.key), count))
    });
    series.collect()
}

fn upstream_of(job: &Job) -> String {
    job.terms.upstream()
}
