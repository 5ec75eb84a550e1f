//! A job requests its place.

use super::{
    Context, Enqueue, EnqueueAgain, Entry, Event, Input, Memory, Refused, Rows, Stage, Summary,
    Terms,
};
use crate::machine::lease::WATCH;
use crate::machine::limiter::{Availability, LETS_OTHERS_PROBE};
use crate::time::{MINUTE, Millis, SECOND};

/// The `Retry-After` of a full queue.
const FULL_RETRY_AFTER: Millis = 30 * SECOND;

impl Input for Enqueue {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        let key = self.summary.key.clone();
        match context.enqueue(self.summary, self.terms, true)? {
            Err(refused) => Ok(Err(refused)),
            Ok(false) => {
                context.changed()?;
                Ok(Ok(None))
            }
            Ok(true) => {
                context.changed_for(Some(&key))?;
                Ok(Ok(context.position(&key)?))
            }
        }
    }
}

impl Input for EnqueueAgain {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        let key = self.summary.key.clone();
        let is_placed = context.enqueue(self.summary, self.terms, false)? == Ok(true);
        context.changed_for(Some(&key))?;
        if is_placed {
            context.position(&key)
        } else {
            Ok(None)
        }
    }
}

impl<R: Rows> Context<'_, R> {
    /// Gives a job its place unless it has one; a `new` job may be refused. `false` while an
    /// earlier job of the same name is in the way.
    fn enqueue(
        &mut self,
        mut summary: Summary,
        terms: Terms,
        new: bool,
    ) -> Result<Result<bool, Refused>, R::Error> {
        let deliveries = std::mem::take(&mut summary.deliveries);
        let mut known = self
            .find(&summary.key)?
            .filter(|entry| !entry.gives_way_to(&summary));
        if known
            .as_ref()
            .is_some_and(|entry| entry.summary.created_at != summary.created_at)
        {
            return Ok(Ok(false));
        }
        let news = self.learn(
            known.as_mut(),
            &summary,
            summary.submits,
            terms.availability,
        );
        if let Some(entry) = &known {
            let stale = summary.age() < entry.summary.age();
            let repeat =
                summary.epoch == entry.summary.epoch && !matches!(entry.stage, Stage::Ended);
            if stale || repeat {
                let mut entry = entry.clone();
                if self.count(&mut entry, &summary.metrics) || news {
                    self.save(&entry)?;
                }
                self.hear_of_deliveries(&summary.key, deliveries)?;
                return Ok(Ok(true));
            }
        }
        if new && let Some(refused) = self.refuses(&summary)? {
            return Ok(Err(refused));
        }
        let stage = self.place_of(&summary, terms);
        let (cost, told) = (summary.cost_micros, summary.metrics.clone());
        let mut entry = match known.filter(|_| terms.keeps_place) {
            Some(entry) => {
                let summary = Summary {
                    metrics: entry.summary.metrics,
                    ..summary
                };
                Entry {
                    summary,
                    stage,
                    waits_since: self.waits_since(stage),
                    unspent: false,
                    late: false,
                    ..entry
                }
            }
            None => self.new_entry(summary, stage)?,
        };
        self.charge(&mut entry, cost)?;
        self.count(&mut entry, &told);
        self.hear_of_deliveries(&entry.summary.key, deliveries)?;
        if entry.is_in_line() {
            self.events.push(Event::Enqueued {
                key: entry.summary.key.clone(),
            });
        }
        if self.starts_at_once(&entry) {
            self.grant(entry, true)?;
        } else {
            self.save(&entry)?;
        }
        Ok(Ok(true))
    }

    /// Why a new job is refused.
    fn refuses(&self, summary: &Summary) -> Result<Option<Refused>, R::Error> {
        if let Some(over) = self.over_budget_of_order(summary)? {
            return Ok(Some(Refused::OverBudget(over)));
        }
        let full = !summary.status.is_pending() && self.is_full();
        Ok(full.then_some(Refused::Full {
            retry_after: FULL_RETRY_AFTER,
        }))
    }

    fn place_of(&self, summary: &Summary, terms: Terms) -> Stage {
        match terms.not_before {
            _ if summary.status.is_pending() => Stage::Watched {
                until: self.now + WATCH,
            },
            Some(until) if until > self.now => Stage::Delayed { until },
            Some(_) | None => self.behind_probes_of_others(summary, terms),
        }
    }

    /// The stage of a job whose upstream may take no submits. A job that has been refused for a
    /// long time steps aside, long enough that in every mode another job is the next probe, if
    /// there is one. Otherwise a job that the upstream refuses for its content, although it answers
    /// "not now", would block its whole model.
    fn behind_probes_of_others(&self, summary: &Summary, terms: Terms) -> Stage {
        let for_long = terms
            .refused_since
            .is_some_and(|since| since + LETS_OTHERS_PROBE <= self.now);
        let Memory { book, tally, .. } = &self.memory;
        let others = for_long && tally.waits_for(&summary.upstream);
        match book.backoff_of(&summary.upstream, self.now) {
            Some(backoff) if others => Stage::Delayed {
                until: backoff.until + MINUTE + SECOND,
            },
            Some(_) | None => Stage::Waiting,
        }
    }

    /// A new entry with the next place in accept order and its user's next turn. The job's own
    /// counters are not counted yet.
    pub(super) fn new_entry(&mut self, summary: Summary, stage: Stage) -> Result<Entry, R::Error> {
        let gone = self.find(&summary.key)?;
        let summary = Summary {
            metrics: self.count_new(&summary, gone.as_ref()),
            ..summary
        };
        let charges = match gone {
            Some(same) if same.summary.created_at == summary.created_at => same.charges,
            Some(mut gone) => {
                self.settle(&mut gone)?;
                self.rows.remove_deliveries(&summary.key)?;
                Vec::new()
            }
            None => Vec::new(),
        };
        let (sequence, enqueued_at) = self.memory.last_accepted;
        let round = self.next_round(&summary)?;
        let enqueued_at = enqueued_at.max(self.now);
        let sequence = sequence + 1;
        let waits_since = self.waits_since(stage);
        let (unspent, late) = (false, false);
        Ok(Entry {
            summary,
            sequence,
            enqueued_at,
            waits_since,
            round,
            unspent,
            late,
            charges,
            stage,
        })
    }

    /// The next turn of the job's user.
    pub(super) fn next_round(&self, summary: &Summary) -> Result<u64, R::Error> {
        let own_last = self
            .rows
            .last_round(&summary.key.user_id, summary.priority)?;
        Ok(self.memory.book.next_round(summary.priority, own_last))
    }

    /// Whether as many jobs are in line as may be.
    fn is_full(&self) -> bool {
        let tally = &self.memory.tally;
        let free = self.policy.slots.saturating_sub(tally.held());
        tally.delayed() + tally.waiting() >= self.policy.max_waiting + free
    }

    /// Counts the submits not counted before, and updates the breaker from the last one's answer;
    /// returns whether the entry changed. A repeated message changes nothing.
    pub(super) fn learn(
        &mut self,
        known: Option<&mut Entry>,
        summary: &Summary,
        submits: u64,
        availability: Option<Availability>,
    ) -> bool {
        let counted = known.as_ref().map_or(0, |entry| entry.summary.submits);
        let new = submits.saturating_sub(counted);
        let before = self.memory.book.backoff_of(&summary.upstream, self.now);
        self.memory.book.learn(summary, new, availability, self.now);
        let upstream = summary.upstream.clone();
        let after = self.memory.book.backoff_of(&summary.upstream, self.now);
        match (before, after) {
            (before, Some(after)) if before != Some(after) => {
                self.events.push(Event::Unavailable {
                    upstream,
                    until: after.until,
                });
            }
            (Some(before), None) => {
                self.events.push(Event::Available {
                    upstream,
                    took: self.now.saturating_sub(before.since),
                });
            }
            _ => {}
        }
        if let Some(entry) = known.filter(|_| new > 0) {
            entry.summary.submits = submits;
            entry.unspent = false;
            return true;
        }
        false
    }
}
