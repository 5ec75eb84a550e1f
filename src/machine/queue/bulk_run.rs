//! How the queue starts, carries on and stops a bulk.
//!
//! Invariant I20: a bulk acts at most once on each job that it chose, and chooses no more than its
//! operator was told. The alarm asks the jobs in portions. When to ask again is saved before a
//! message is sent, and an item is removed with the step that counts its outcome.

use super::{
    Ask, BULK_PORTION, Bulk, BulkFilter, BulkItem, BulkRefused, Context, Event, Input, MAX_BULK,
    MAX_BULK_TRIES, Matching, Question, Rows, StartBulk, StopBulk, Unaffordable,
};
use crate::machine::bulk::{BulkAction, BulkOutcome};
use crate::machine::job::{BulkAct, State};
use crate::machine::lease::ASK_AGAIN;
use std::collections::BTreeMap;

impl Input for StartBulk {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        if let Some(running) = &context.memory.book.bulk {
            return Ok(Err(BulkRefused::Running { id: running.id }));
        }
        let chosen = matching(context.rows, self.action, &self.filter)?;
        if chosen.count > MAX_BULK {
            return Ok(Err(BulkRefused::TooMany));
        }
        if chosen.count > self.said.count || chosen.cost_micros > self.said.cost_micros {
            return Ok(Err(BulkRefused::More { now: chosen }));
        }
        context
            .rows
            .choose_items(self.action, &self.filter, context.now)?;
        // Also greater than every earlier id if the book was lost.
        let id = context.now.max(context.memory.book.last_bulk + 1);
        context.memory.book.last_bulk = id;
        let bulk = Bulk {
            id,
            action: self.action,
            filter: self.filter,
            operator: self.operator,
            started_at: context.now,
            chosen,
            outcomes: BTreeMap::new(),
            stopped_by: None,
            ended_at: None,
        };
        context.keep_bulk(bulk).map(Ok)
    }
}

impl Input for StopBulk {
    /// Jobs that were asked already may still act, so their answers are awaited.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        let Some(mut bulk) = context.memory.book.bulk.take_if(|bulk| bulk.id == self.id) else {
            return Ok(None);
        };
        let unasked = context.rows.remove_unasked_items()?;
        bulk.count(BulkOutcome::Stopped, unasked);
        bulk.stopped_by.get_or_insert(self.operator);
        context.keep_bulk(bulk).map(Some)
    }
}

/// What a bulk would choose now. Cancelling costs nothing.
pub fn matching<R: Rows>(
    rows: &R,
    action: BulkAction,
    filter: &BulkFilter,
) -> Result<Matching, R::Error> {
    let matching = rows.matching(action, filter, MAX_BULK + 1)?;
    Ok(match action {
        BulkAction::Retry => matching,
        BulkAction::Cancel => Matching {
            cost_micros: 0,
            ..matching
        },
    })
}

impl<R: Rows> Context<'_, R> {
    /// The next portion of the running bulk. Each job is asked again soon unless it answers.
    pub(super) fn ask_for_bulk(&mut self) -> Result<Vec<Ask>, R::Error> {
        let mut asks = Vec::new();
        let Some(mut bulk) = self.memory.book.bulk.take() else {
            return Ok(asks);
        };
        for mut item in self.rows.due_items(self.now, BULK_PORTION)? {
            if let Some(outcome) = self.left_alone(bulk.action, &item)? {
                self.rows.remove_item(&item.key)?;
                bulk.count(outcome, 1);
                continue;
            }
            item.due_at = self.now + ASK_AGAIN;
            item.tries += 1;
            self.rows.save_item(&item)?;
            asks.push(Ask {
                created_at: item.created_at,
                epoch: item.epoch,
                question: Question::Bulk(BulkAct {
                    bulk: bulk.id,
                    action: bulk.action,
                    created_at: item.created_at,
                    epoch: item.epoch,
                    status: bulk.filter.status,
                }),
                key: item.key,
            });
        }
        self.keep_bulk(bulk)?;
        Ok(asks)
    }

    /// Why an item is not asked; `None` if it is. A job that was asked before may have acted: it is
    /// asked until it answers, and its price stays reserved.
    fn left_alone(
        &mut self,
        action: BulkAction,
        item: &BulkItem,
    ) -> Result<Option<BulkOutcome>, R::Error> {
        if item.tries > 0 {
            let given_up = item.tries >= MAX_BULK_TRIES;
            return Ok(given_up.then_some(BulkOutcome::NoAnswer));
        }
        let known = self.find(&item.key)?;
        if known.is_none_or(|entry| entry.summary.created_at != item.created_at) {
            return Ok(Some(BulkOutcome::Gone));
        }
        if action == BulkAction::Cancel {
            return Ok(None);
        }
        match self.afford(&item.key)? {
            Ok(()) => {}
            Err(Unaffordable::OverBudget(_)) => return Ok(Some(BulkOutcome::BudgetExceeded)),
            Err(Unaffordable::Unknown) => return Ok(Some(BulkOutcome::Gone)),
        }
        // The job will enqueue itself; its alarm may be lost before it does.
        self.look_after(&item.key)?;
        Ok(None)
    }

    /// A job's answer to its bulk, or to an earlier one.
    pub(super) fn heard_for_bulk(
        &mut self,
        ask: &Ask,
        act: &BulkAct,
        said: Option<&State>,
    ) -> Result<(), R::Error> {
        let Some(mut bulk) = self.memory.book.bulk.take_if(|bulk| bulk.id == act.bulk) else {
            return Ok(());
        };
        let mark = said.map(|state| state.bulk.filter(|mark| mark.bulk == act.bulk));
        let outcome = match mark {
            Some(mark) => mark.map(|mark| mark.outcome),
            None => Some(BulkOutcome::Gone),
        };
        let item = self.rows.find_item(&ask.key)?;
        if let (Some(outcome), Some(_)) = (outcome, item) {
            self.rows.remove_item(&ask.key)?;
            bulk.count(outcome, 1);
        }
        self.keep_bulk(bulk).map(drop)
    }

    /// Keeps the bulk in the book while it has items. Afterwards it has ended.
    fn keep_bulk(&mut self, mut bulk: Bulk) -> Result<Bulk, R::Error> {
        self.memory.book.bulk_at = self.rows.next_item_due()?;
        if self.memory.book.bulk_at.is_some() {
            self.memory.book.bulk = Some(bulk.clone());
            return Ok(bulk);
        }
        bulk.ended_at = Some(self.now);
        self.rows.save_ended_bulk(&bulk)?;
        self.events.push(Event::BulkEnded { id: bulk.id });
        Ok(bulk)
    }
}
