//! The queue's side of a bulk: what it chooses, in which portions it asks, and how each job counts
//! (I20, I13, I2).

use crate::queue_story::{QueueStory, key, state, told};
use reelay::machine::Status;
use reelay::machine::bulk::{BulkAction, BulkMark, BulkOutcome};
use reelay::machine::job::State;
use reelay::machine::lease::{ASK_AGAIN, WATCH};
use reelay::machine::message::NoAnswer;
use reelay::machine::queue::{
    Alarm, Ask, BULK_PORTION, Bulk, BulkFilter, BulkRefused, Heard, MAX_BULK, MAX_BULK_TRIES,
    Matching, Question, Stage, StartBulk, StopBulk, Summary, matching,
};
use std::collections::BTreeMap;

/// The price of one render.
const PRICE: u64 = 3_000_000;

#[test]
fn a_bulk_chooses_what_matches_when_it_starts_and_no_more_than_was_said_i19() {
    let mut story = failed(3);
    story.report(Summary {
        price_micros: PRICE,
        ..told("done", 1, 2, Status::Completed)
    });
    let said = story.count(BulkAction::Retry);
    assert_eq!(
        said,
        Matching {
            count: 3,
            cost_micros: 3 * PRICE
        }
    );
    for less in [
        Matching { count: 2, ..said },
        Matching {
            cost_micros: 3 * PRICE - 1,
            ..said
        },
    ] {
        let before = story.rows.clone();
        assert_eq!(
            story.start(BulkAction::Retry, less),
            Err(BulkRefused::More { now: said })
        );
        assert_eq!(story.rows, before, "nothing is stored");
    }
    let bulk = story.start(BulkAction::Retry, said).expect("as was said");
    assert_eq!((bulk.chosen, bulk.left(), bulk.ended_at), (said, 3, None));
    story.fail("later");
    assert_eq!(story.asks_for_bulk().len(), 3, "a later job is not chosen");
}

#[test]
fn cancelling_costs_nothing_and_a_retry_takes_cancelled_jobs_only_when_asked() {
    let mut story = failed(1);
    story.report(Summary {
        price_micros: PRICE,
        ..told("cancelled", 1, 2, Status::Cancelled)
    });
    story.enqueue(told("waits", 1, 0, Status::Queued));
    assert_eq!(story.count(BulkAction::Retry).count, 1);
    assert_eq!(
        story.count(BulkAction::Cancel),
        Matching {
            count: 1,
            cost_micros: 0
        }
    );
    let filter = BulkFilter {
        status: Some(Status::Cancelled),
        ..BulkFilter::default()
    };
    let Ok(found) = matching(&story.rows, BulkAction::Retry, &filter);
    assert_eq!(found.count, 1);
}

#[test]
fn one_bulk_runs_at_a_time_and_the_next_has_a_greater_id_whatever_the_clock_says() {
    let mut story = failed(1);
    let first = story.start_all(BulkAction::Retry);
    let said = story.count(BulkAction::Retry);
    assert_eq!(
        story.start(BulkAction::Retry, said),
        Err(BulkRefused::Running { id: first.id })
    );
    story.answer_all(BulkOutcome::Done);
    assert!(story.rows.book.bulk.is_none());
    story.now -= 1_000_000;
    let second = story.start_all(BulkAction::Retry);
    assert!(second.id > first.id, "{} after {}", second.id, first.id);
}

#[test]
fn a_bulk_of_nothing_has_ended_and_one_of_too_many_is_refused() {
    let mut story = QueueStory::with_slots(1);
    let bulk = story.start_all(BulkAction::Cancel);
    assert_eq!((bulk.left(), bulk.ended_at), (0, Some(story.now)));
    story.fail("one");
    let one = story.entry("one").unwrap();
    for number in 0..MAX_BULK {
        let mut other = one.clone();
        other.summary.key = key(&number.to_string());
        story.rows.entries.insert(other.summary.key.clone(), other);
    }
    let said = Matching {
        count: u64::MAX,
        cost_micros: u64::MAX,
    };
    assert_eq!(
        story.start(BulkAction::Retry, said),
        Err(BulkRefused::TooMany)
    );
}

#[test]
fn jobs_are_asked_in_portions_the_oldest_first_and_each_again_until_it_answers_i2() {
    let jobs = 2 * BULK_PORTION + 1;
    let mut story = failed(jobs);
    let bulk = story.start_all(BulkAction::Retry);
    let mut asked = Vec::new();
    for portion in [BULK_PORTION, BULK_PORTION, 1] {
        let asks = story.asks_for_bulk();
        assert_eq!(asks.len(), portion);
        asked.extend(asks);
    }
    assert_eq!(story.wake_at, Some(story.now + ASK_AGAIN), "none answered");
    for ask in &asked[1..] {
        story.answers(ask, bulk.id, BulkOutcome::Done);
    }
    story.now += ASK_AGAIN;
    let again = story.asks_for_bulk();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].key, asked[0].key);
    story.answers(&again[0], bulk.id, BulkOutcome::Done);
    let ended = story.ended(bulk.id);
    assert_eq!(ended.outcomes, counts(&[(BulkOutcome::Done, jobs as u64)]));
    assert_eq!(ended.ended_at, Some(story.now));
}

#[test]
fn an_answer_counts_once_however_often_it_comes_and_one_of_an_older_bulk_never_i19() {
    let mut story = failed(2);
    let bulk = story.start_all(BulkAction::Retry);
    let asks = story.asks_for_bulk();
    story.answers(&asks[0], bulk.id - 1, BulkOutcome::Done);
    for _ in 0..3 {
        story.answers(&asks[0], bulk.id, BulkOutcome::Changed);
    }
    let running = story.rows.book.bulk.clone().expect("one job is left");
    assert_eq!(running.outcomes, counts(&[(BulkOutcome::Changed, 1)]));
}

#[test]
fn a_job_that_never_answers_and_one_that_is_gone_have_their_reasons() {
    let mut story = failed(2);
    let bulk = story.start_all(BulkAction::Retry);
    let first = story.asks_for_bulk();
    story.takes(Heard {
        ask: first[0].clone(),
        said: Ok(None),
    });
    let mut tries = 1;
    while story.rows.book.bulk.is_some() {
        story.now += ASK_AGAIN;
        for ask in story.asks_for_bulk() {
            tries += 1;
            story.takes(Heard {
                ask,
                said: Err(NoAnswer),
            });
        }
    }
    assert_eq!(tries, MAX_BULK_TRIES);
    assert_eq!(
        story.ended(bulk.id).outcomes,
        counts(&[(BulkOutcome::Gone, 1), (BulkOutcome::NoAnswer, 1)])
    );
}

#[test]
fn a_stopped_bulk_asks_no_further_job_and_waits_for_those_it_asked() {
    let jobs = BULK_PORTION + 5;
    let mut story = failed(jobs);
    let bulk = story.start_all(BulkAction::Retry);
    let asked = story.asks_for_bulk();
    let stop = || StopBulk {
        id: bulk.id,
        operator: "ops".to_owned(),
    };
    let stopping = story.takes(stop()).expect("it runs");
    assert_eq!(stopping.left(), BULK_PORTION as u64);
    assert_eq!(story.takes(stop()), Some(stopping), "stopped already");
    for ask in &asked {
        story.answers(ask, bulk.id, BulkOutcome::Done);
    }
    let ended = story.ended(bulk.id);
    assert_eq!(
        ended.outcomes,
        counts(&[
            (BulkOutcome::Done, BULK_PORTION as u64),
            (BulkOutcome::Stopped, 5)
        ])
    );
    assert_eq!(ended.stopped_by.as_deref(), Some("ops"));
    assert_eq!(story.takes(stop()), None, "it has ended");
}

#[test]
fn retries_that_do_not_fit_into_the_budget_are_left_alone_and_the_others_are_reserved_i13() {
    let mut story = failed(3);
    story.policy.max_cost_per_user_per_day = Some(2 * PRICE);
    let bulk = story.start_all(BulkAction::Retry);
    let asks = story.asks_for_bulk();
    assert_eq!(asks.len(), 2);
    assert_eq!(
        story.rows.book.bulk.as_ref().map(|bulk| &bulk.outcomes),
        Some(&counts(&[(BulkOutcome::BudgetExceeded, 1)]))
    );
    let charged = |story: &QueueStory, name: &str| story.entry(name).unwrap().charged();
    assert_eq!((charged(&story, "0"), charged(&story, "2")), (PRICE, 0));
    // A refused retry gives the reserved price back.
    story.answers(&asks[0], bulk.id, BulkOutcome::TooManyAttempts);
    assert_eq!(charged(&story, "0"), 0);
}

#[test]
fn a_job_whose_message_is_lost_is_looked_after_i2() {
    let mut story = failed(1);
    story.hears("0", 1, Ok(Some(state(1, 2, Status::Failed, None))));
    story.start_all(BulkAction::Retry);
    story.asks_for_bulk();
    assert_eq!(
        story.stage("0"),
        Stage::Watched {
            until: story.now + WATCH
        }
    );
}

impl QueueStory {
    fn count(&self, action: BulkAction) -> Matching {
        let Ok(found) = matching(&self.rows, action, &BulkFilter::default());
        found
    }

    fn start(&mut self, action: BulkAction, said: Matching) -> Result<Bulk, BulkRefused> {
        self.takes(StartBulk {
            action,
            filter: BulkFilter::default(),
            operator: "ops".to_owned(),
            said,
        })
    }

    fn start_all(&mut self, action: BulkAction) -> Bulk {
        let said = self.count(action);
        self.start(action, said).expect("as was said")
    }

    fn fail(&mut self, name: &str) {
        self.report(Summary {
            price_micros: PRICE,
            ..told(name, 1, 2, Status::Failed)
        });
    }

    /// The questions of one alarm that belong to a bulk.
    fn asks_for_bulk(&mut self) -> Vec<Ask> {
        let asks = self.takes(Alarm).into_iter();
        asks.filter(|ask| matches!(ask.question, Question::Bulk(_)))
            .collect()
    }

    fn answers(&mut self, ask: &Ask, bulk: u64, outcome: BulkOutcome) {
        let told = State {
            bulk: Some(BulkMark { bulk, outcome }),
            ..state(1, 2, Status::Failed, None)
        };
        self.takes(Heard {
            ask: ask.clone(),
            said: Ok(Some(told)),
        });
    }

    fn answer_all(&mut self, outcome: BulkOutcome) {
        let id = self.rows.book.bulk.as_ref().expect("a bulk runs").id;
        for ask in self.asks_for_bulk() {
            self.answers(&ask, id, outcome);
        }
    }

    fn ended(&self, id: u64) -> Bulk {
        assert_eq!(self.rows.book.bulk, None, "it has ended");
        self.rows.bulks.get(&id).expect("it is stored").clone()
    }
}

/// A queue that knows this many failed jobs.
fn failed(jobs: usize) -> QueueStory {
    let mut story = QueueStory::with_slots(1);
    for number in 0..jobs {
        story.fail(&number.to_string());
    }
    assert_eq!(story.entry("0").unwrap().summary.key, key("0"));
    story
}

fn counts(outcomes: &[(BulkOutcome, u64)]) -> BTreeMap<BulkOutcome, u64> {
    outcomes.iter().copied().collect()
}
