//! What may be spent (I13): a second bookkeeping, compared with the queue's at every write of it,
//! and with the jobs' own ledgers and the upstream's bill when everything is quiet.

use crate::rows::MapRows;
use crate::seen::Seen;
use crate::upstream::Verdict;
use crate::witness::Invariant;
use crate::world::World;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::job::{Job, SubmitAnswer};
use reelay::machine::queue::{Charge, Entry, Policy, Summary};
use reelay::time::{DAY, Millis};
use std::collections::{BTreeMap, BTreeSet};

/// The charges by day and user; `None` is all users.
type Spending = BTreeMap<(u64, Option<String>), u64>;

impl World {
    /// Looks at a step of the queue that has just been saved.
    pub(crate) fn observe_spending(&mut self, rows: &MapRows, seen: &Seen, now: Millis) {
        self.check_budget(rows, seen, now);
        let expires = matches!(seen, Seen::DeleteOld);
        if !expires
            && rows
                .touched()
                .iter()
                .all(|key| is_charged_alike(rows.before(key), rows.entries.get(key)))
        {
            if *rows.spending_before() != rows.spending {
                self.violated(
                    Invariant::I13,
                    format!("{seen:?} charged a day without changing an entry"),
                );
            }
            return;
        }
        let mut book = std::mem::take(&mut self.spending);
        for key in rows.touched() {
            let (before, after) = (rows.before(&key), rows.entries.get(&key));
            let mut charges = after.map_or_else(Vec::new, |after| after.charges.clone());
            let gone = |entry: &&Entry| {
                after.is_none_or(|after| after.summary.created_at != entry.summary.created_at)
            };
            if let Some(gone) = before.filter(gone) {
                let left = kept(gone);
                book.leave(gone, &left);
                charges.extend(left);
            }
            book.change(
                &key.user_id,
                &sums(before.map_or(&[], |before| before.charges.as_slice())),
                &sums(&charges),
            );
            if let Some(entry) = after {
                self.check_charge(entry, before, now);
            }
        }
        if expires {
            book.forget(now / DAY);
        }
        let differs = book.difference(&rows.spending);
        self.spending = book;
        if let Some(difference) = differs {
            self.violated(Invariant::I13, format!("after {seen:?}: {difference}"));
        }
    }

    /// A new charge is accepted exactly when today's limits leave enough for one more render.
    fn check_budget(&mut self, rows: &MapRows, seen: &Seen, now: Millis) {
        let (summary, asks) = match seen {
            Seen::Enqueue {
                summary, new: true, ..
            } => (summary.clone(), true),
            Seen::Alarm => return self.check_reserved(rows, now),
            Seen::Afford { key, .. } => match rows.before(key) {
                Some(entry) => (entry.summary.clone(), pays_again(entry)),
                None => return,
            },
            _ => return,
        };
        let policy = self.policy();
        let limits = [policy.max_cost_per_user_per_day, policy.max_cost_per_day];
        let never_fits = limits
            .into_iter()
            .flatten()
            .any(|limit| summary.price_micros > limit);
        // An order that awaits confirmation is charged at its confirmation: until then, only a
        // price above a limit refuses it.
        let waits = matches!(seen, Seen::Enqueue { .. }) && summary.status.is_pending();
        let over = if waits {
            never_fits
        } else {
            over_budget(&self.spending, &summary, &policy, now)
        };
        let is_new = rows
            .before(&summary.key)
            .is_none_or(|entry| entry.summary.created_at != summary.created_at);
        // The order may only have caused another job of its name to get a slot.
        let is_it = rows
            .entries
            .get(&summary.key)
            .is_some_and(|entry| entry.summary.created_at == summary.created_at);
        let touched = rows.touched().contains(&summary.key);
        let taken = touched && is_it && (is_new || matches!(seen, Seen::Afford { .. }));
        if seen.is_over_budget() {
            let what = match summary.status {
                _ if is_new => "order",
                Status::PendingConfirmation => "confirmation",
                _ => "further attempt",
            };
            self.tally.mark("over budget", what);
            if !over || !asks {
                self.violated(
                    Invariant::I13,
                    format!("{} was refused although it fits", summary.key.object_name()),
                );
            }
            if touched || *rows.spending_before() != rows.spending {
                self.violated(
                    Invariant::I13,
                    "part of a refused order was stored".to_owned(),
                );
            }
        } else if taken && asks && over {
            self.violated(
                Invariant::I13,
                format!(
                    "{} does not fit into the day's budget",
                    summary.key.object_name()
                ),
            );
        }
    }

    /// What a bulk reserves for its retries fits into today's limits.
    fn check_reserved(&mut self, rows: &MapRows, now: Millis) {
        let policy = self.policy();
        let charged = |entry: Option<&Entry>| entry.map_or(0, Entry::charged);
        for key in rows.touched() {
            if charged(rows.entries.get(&key)) <= charged(rows.before(&key)) {
                continue;
            }
            let spent = |whose: Option<String>| rows.spending.get(&(now / DAY, whose)).copied();
            let above = |limit: Option<u64>, whose| {
                limit.is_some_and(|limit| spent(whose).unwrap_or(0) > limit)
            };
            if above(policy.max_cost_per_user_per_day, Some(key.user_id.clone()))
                || above(policy.max_cost_per_day, None)
            {
                let name = key.object_name();
                self.violated(
                    Invariant::I13,
                    format!("a bulk's retry of {name} does not fit into the day's budget"),
                );
            }
            self.tally.mark("bulk", "reserved the price of a retry");
        }
    }

    /// The charge is what the job commits, with or without the price reserved for a further
    /// attempt; and new charges are today's.
    fn check_charge(&mut self, entry: &Entry, before: Option<&Entry>, now: Millis) {
        let (charged, summary) = (entry.charged(), &entry.summary);
        let held = charged == summary.cost_micros + summary.price_micros && may_pay_again(summary);
        if charged != summary.cost_micros && !held {
            let message = format!(
                "{} is charged {charged}, but it commits {}",
                summary.key.object_name(),
                summary.cost_micros
            );
            self.violated(Invariant::I13, message);
        }
        let same = before.filter(|before| before.summary.created_at == summary.created_at);
        let earlier = sums(same.map_or(&[], |before| before.charges.as_slice()));
        let charged = sums(&entry.charges);
        for day in earlier
            .keys()
            .chain(charged.keys())
            .copied()
            .collect::<BTreeSet<_>>()
        {
            let [had, micros] =
                [&earlier, &charged].map(|sums| sums.get(&day).copied().unwrap_or(0));
            if micros > had && day != now / DAY {
                self.violated(
                    Invariant::I13,
                    format!("{} is charged to day {day}", summary.key.object_name()),
                );
            }
            if micros < had {
                self.tally.mark(
                    "given back",
                    if day == now / DAY {
                        "to today"
                    } else {
                        "to an earlier day"
                    },
                );
            }
        }
    }

    /// When everything is quiet, the queue charges what each job has spent, and no job has spent
    /// less than the upstream bills.
    pub(crate) fn check_costs(&mut self, number: usize, job: &Job) {
        let known = self
            .queue
            .rows
            .entries
            .get(&job.key)
            .filter(|entry| entry.summary.created_at == job.created_at);
        let (spent, left) = (
            job.committed_micros(),
            self.spending.left(&job.key, job.created_at),
        );
        if let Some(charged) = known
            .map(Entry::charged)
            .filter(|charged| *charged != spent && charged + left != spent)
        {
            let message = format!("job {number} is charged {charged}, but it has spent {spent}");
            self.violated(Invariant::I13, message);
        }
        let incarnation = self.witness.incarnation(number);
        let calls = self
            .upstream
            .calls
            .iter()
            .filter(|call| call.job == number && call.incarnation == incarnation);
        let billed: u64 = calls
            .filter(|call| call.verdict == Verdict::Accepted)
            .map(|call| call.bill)
            .sum();
        // A render that is no longer polled, and a call whose answer was lost, count with their
        // price.
        let unsure = |answer| matches!(answer, SubmitAnswer::Unknown | SubmitAnswer::Accepted);
        let unseen = job
            .submits
            .iter()
            .any(|row| row.cost_micros.is_none() && unsure(row.answer));
        if !unseen && job.cost_micros() != billed {
            let message = format!(
                "job {number} reports the cost {}, the upstream bills {billed}",
                job.cost_micros()
            );
            self.violated(Invariant::I4, message);
        }
        if job.video().is_some() {
            let told = self
                .upstream
                .operations
                .values()
                .filter(|made| made.job == number && made.attempt == job.attempt);
            if told
                .clone()
                .all(|made| made.bill != job.render_cost_micros())
            {
                let message = format!("job {number}'s video cost {}", job.render_cost_micros());
                self.violated(Invariant::I4, message);
            }
        }
    }
}

/// Whether a write left an entry's charges unchanged.
fn is_charged_alike(before: Option<&Entry>, after: Option<&Entry>) -> bool {
    before.zip(after).is_some_and(|(before, after)| {
        before.summary.created_at == after.summary.created_at
            && before.summary.cost_micros == after.summary.cost_micros
            && before.charges == after.charges
    })
}

/// Whether a further attempt would be charged in addition to the present charges.
fn pays_again(entry: &Entry) -> bool {
    may_pay_again(&entry.summary)
        && entry.charged() < entry.summary.cost_micros + entry.summary.price_micros
}

/// Whether the user may have the job pay for a render that it would not pay for by itself.
fn may_pay_again(summary: &Summary) -> bool {
    match summary.status {
        Status::PendingConfirmation
        | Status::PendingClarification
        | Status::Processing
        | Status::Failed
        | Status::Cancelled => true,
        Status::Queued | Status::Completed => false,
    }
}

fn over_budget(book: &Book, summary: &Summary, policy: &Policy, now: Millis) -> bool {
    let spent = |whose: Option<&str>| {
        book.0
            .get(&(now / DAY, whose.map(str::to_owned)))
            .copied()
            .unwrap_or(0)
    };
    let above = |limit: Option<u64>, whose| {
        limit.is_some_and(|limit| spent(whose) + summary.price_micros > limit)
    };
    above(
        policy.max_cost_per_user_per_day,
        Some(summary.key.user_id.as_str()),
    ) || above(policy.max_cost_per_day, None)
}

/// What stays charged for a job that is gone: nothing if it was withdrawn, otherwise what it
/// spent.
pub(crate) fn kept(entry: &Entry) -> Vec<Charge> {
    let withdrawn = entry.summary.submits == 0 && !entry.summary.status.is_terminal();
    let mut left = if withdrawn {
        0
    } else {
        entry.summary.cost_micros
    };
    let mut kept = Vec::new();
    for charge in &entry.charges {
        let micros = charge.micros.min(left);
        left -= micros;
        kept.push(Charge { micros, ..*charge });
    }
    kept
}

fn sums(charges: &[Charge]) -> BTreeMap<u64, u64> {
    let mut sums = BTreeMap::new();
    for charge in charges {
        *sums.entry(charge.day).or_default() += charge.micros;
    }
    sums
}

/// What each day must be charged; and the part of it charged for jobs whose entry was replaced by
/// another job of the same name, by creation time. A late message may bring such an entry back.
#[derive(Debug, Default)]
pub(crate) struct Book(Spending, BTreeMap<(JobKey, Millis), u64>);

impl Book {
    fn leave(&mut self, gone: &Entry, charges: &[Charge]) {
        let left = self
            .1
            .entry((gone.summary.key.clone(), gone.summary.created_at))
            .or_default();
        *left += charges.iter().map(|charge| charge.micros).sum::<u64>();
    }

    fn left(&self, key: &JobKey, created_at: Millis) -> u64 {
        self.1.get(&(key.clone(), created_at)).copied().unwrap_or(0)
    }

    /// A change of a deleted day's charges is ignored.
    fn change(&mut self, user: &str, before: &BTreeMap<u64, u64>, after: &BTreeMap<u64, u64>) {
        for day in before
            .keys()
            .chain(after.keys())
            .copied()
            .collect::<BTreeSet<_>>()
        {
            let of = |sums: &BTreeMap<u64, u64>| sums.get(&day).copied().unwrap_or(0);
            for whose in [Some(user.to_owned()), None] {
                if of(after) > of(before) {
                    *self.0.entry((day, whose)).or_default() += of(after) - of(before);
                } else if let Some(sum) = self.0.get_mut(&(day, whose)) {
                    *sum -= of(before) - of(after);
                }
            }
        }
    }

    fn forget(&mut self, today: u64) {
        self.0.retain(|(day, _), _| *day + 1 >= today);
    }

    fn difference(&self, sums: &Spending) -> Option<String> {
        let of = |sums: &Spending, key: &(u64, Option<String>)| sums.get(key).copied().unwrap_or(0);
        let key = self
            .0
            .keys()
            .chain(sums.keys())
            .find(|key| of(&self.0, key) != of(sums, key))?;
        Some(format!(
            "{key:?} is charged {}, expected {}",
            of(sums, key),
            of(&self.0, key)
        ))
    }
}
