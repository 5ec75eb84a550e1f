//! What a run met: a run that never met a class of fault, or a state, has not tested it.

use super::faults::Fault;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

/// Figures over one seed, or over many.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) seeds: u64,
    pub(crate) jobs: u64,
    pub(crate) accepted: u64,
    pub(crate) steps: u64,
    /// Milliseconds of simulated time.
    pub(crate) simulated: u64,
    pub(crate) submits: u64,
    /// Accepted jobs that were gone, or had not ended long after the healing.
    pub(crate) lost: u64,
    /// Attempts that were paid for more than once without the operator's permission.
    pub(crate) paid_twice: u64,
    /// Attempts that were paid for more than once with the operator's permission.
    pub(crate) paid_again: u64,
    pub(crate) faults: BTreeMap<Fault, u64>,
    pub(crate) marks: BTreeMap<(&'static str, Cow<'static, str>), u64>,
}

impl Tally {
    pub(crate) fn struck(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    /// Notes that a state was met.
    pub(crate) fn mark(&mut self, kind: &'static str, name: impl Into<Cow<'static, str>>) {
        *self.marks.entry((kind, name.into())).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.jobs += other.jobs;
        self.accepted += other.accepted;
        self.steps += other.steps;
        self.simulated += other.simulated;
        self.submits += other.submits;
        self.lost += other.lost;
        self.paid_twice += other.paid_twice;
        self.paid_again += other.paid_again;
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
        for (mark, count) in &other.marks {
            *self.marks.entry(mark.clone()).or_default() += count;
        }
    }

    /// The classes of fault and the expected marks that were never met.
    pub(crate) fn unmet(&self) -> Vec<String> {
        let met: BTreeSet<String> = self
            .marks
            .keys()
            .map(|(kind, name)| format!("{kind}: {name}"))
            .collect();
        let faults = Fault::ALL
            .iter()
            .filter(|fault| !self.faults.contains_key(fault))
            .map(|fault| format!("{fault:?}"));
        let marks = EXPECTED_MARKS
            .iter()
            .filter(|mark| !met.contains(**mark))
            .map(|mark| (*mark).to_owned());
        faults.chain(marks).collect()
    }

    /// Prints the results directly to standard error: the test runner would hide them when the run
    /// passes.
    pub(crate) fn tell(&self) -> io::Result<()> {
        let hours = self.simulated / 3_600_000;
        let mut out = io::stderr().lock();
        writeln!(
            out,
            "\n{} seeds, {} jobs ({} accepted), {} paid calls, {} steps, {hours} simulated hours",
            self.seeds, self.jobs, self.accepted, self.submits, self.steps
        )?;
        writeln!(
            out,
            "lost {}, paid twice {} (and {} where UNKNOWN_SUBMIT=retry asks for it)",
            self.lost, self.paid_twice, self.paid_again
        )?;
        writeln!(out, "faults: {}", self.faults.values().sum::<u64>())?;
        for (fault, count) in &self.faults {
            writeln!(out, "  {count:>8}  {fault:?}")?;
        }
        writeln!(out, "met:")?;
        for ((kind, name), count) in &self.marks {
            writeln!(out, "  {count:>8}  {kind}: {name}")?;
        }
        Ok(())
    }
}

/// The states a run over all seeds must have met.
const EXPECTED_MARKS: &[&str] = &[
    "phase: confirming",
    "phase: clarifying",
    "phase: queued",
    "phase: submitting",
    "phase: rendering",
    "phase: storing",
    "phase: notifying",
    "phase: done",
    "end: completed",
    "end: failed",
    "end: cancelled",
    "failure: provider_rate_limited",
    "failure: provider_unavailable",
    "failure: provider_rejected_content",
    "failure: submit_outcome_unknown",
    "failure: deadline_exceeded",
    "failure: storage_failed",
    "failure: internal",
    "wake: phase",
    "wake: report",
    "wake: deliver",
    "wake: cancel_upstream",
    "wake: delete_file",
    "wake: guard",
    "refusal: AlreadyEnded",
    "refusal: NotRetryable",
    "refusal: NoVideo",
    "refusal: NotConfirmable",
    "refusal: NotClarifiable",
    "refusal: PromptTooLong",
    "effect: Enqueue",
    "effect: Submit",
    "effect: Poll",
    "effect: Store",
    "effect: Report",
    "effect: Deliver",
    "effect: CancelUpstream",
    "effect: DeleteFile",
    "cut off: Enqueue",
    "cut off: Submit",
    "cut off: Poll",
    "cut off: Store",
    "cut off: Report",
    "cut off: Deliver",
    "cut off: CancelUpstream",
    "cut off: DeleteFile",
    "images: deleted when completed",
    "images: deleted when forgotten",
    "push: heard",
    "push: again",
    "push: in another phase",
    "push: brought a poll",
    "render: given up",
    "render: found over",
    "render: left to itself",
    "cancelled while: confirming",
    "cancelled while: clarifying",
    "cancelled while: queued",
    "cancelled while: submitting",
    "cancelled while: rendering",
    "cancelled while: storing",
    "delivery: delivered",
    "delivery: exhausted",
    "stage: waiting",
    "stage: delayed",
    "stage: held",
    "stage: watched",
    "stage: expiring",
    "stage: ended",
    "alarm: left in stage",
    "alarm: ended with work left",
    "alarm: dropped after six throws",
    "timer: found lost and set again",
    "question: Start",
    "question: Check",
    "question: Delete",
    "question: Bulk",
    "blocked by: Concurrency",
    "blocked by: UserConcurrency",
    "blocked by: RateLimit",
    "blocked by: UpstreamBackoff",
    "blocked by: StartAfter",
    "blocked by: Paused",
    "queue: took an input while paused",
    "queue: took an input while an upstream was paused",
    "limits: changed at run time",
    "limits: reset",
    "limits: refused together",
    "bulk: retried a job",
    "bulk: cancelled a job",
    "bulk: repeated its message",
    "bulk: reserved the price of a retry",
    "bulk: refused because more matches",
    "bulk: refused because another runs",
    "bulk: stopped",
    "bulk outcome: done",
    "bulk outcome: changed",
    "bulk outcome: already_ended",
    "bulk outcome: budget_exceeded",
    "bulk outcome: stopped",
    "redelivered: pending",
    "redelivered: delivered",
    "redelivered: exhausted",
    "job: requeued",
    "job: confirmed",
    "job: asked for another prompt",
    "job: clarified",
    "job: expired",
    "job: dead-lettered",
    "job: forgotten",
    "job: made anew after it was forgotten",
    "mode changed to: immediate",
    "mode changed to: cron",
    "mode changed to: alarm",
    "mode changed to: queue",
    "limits: changed",
    "healed in the mode: immediate",
    "healed in the mode: cron",
    "healed in the mode: alarm",
    "healed in the mode: queue",
    "message: sent",
    "message: replaced",
    "message: dead",
    "message acknowledged: started",
    "message acknowledged: not in line",
    "message acknowledged: not waiting",
    "consumer cut off while: Claiming",
    "consumer cut off while: Starting",
    "consumer cut off while: Checking",
    "consumer cut off while: Ending",
    "woken by a look: the queue never heard of the order",
    "woken by a look: the queue never heard of its user's last wish",
    "woken by a look: nothing is left but an answer that was lost",
    "said: State",
    "said: Missing",
    "said: Nothing",
    "post: accepted",
    "post: conflict",
    "post: full",
    "post: failed",
    "post: over budget",
    "over budget: order",
    "over budget: confirmation",
    "over budget: further attempt",
    "given back: to today",
    "given back: to an earlier day",
    "payer: went away",
    "payer: came again",
    "post: repeated",
    "post: stood in for by a message",
    "users: 1",
    "users: 2",
    "users: 3",
    "never heals: Receiver",
    "never heals: Upstream",
    "alert: upstream_unavailable",
    "alert: webhooks_exhausted",
    "alert: long_wait",
    "alert: paid_answer_lost",
    "alert: budget_used",
    "alert: timers_lost",
    "alert: resolved",
    "alert: arrived again",
];
