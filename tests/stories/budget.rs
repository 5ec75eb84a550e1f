//! The daily spending limits (I13): refused orders, refunds and the change of day.

use crate::queue_story::{ADA, MISSING, QueueStory, asking, key, said, state, summary, told};
use reelay::machine::Status;
use reelay::machine::job::State;
use reelay::machine::lease::{START_PATIENCE, WATCH};
use reelay::machine::queue::{
    Afford, BlockedBy, Charge, Enqueue, Heard, OverBudget, Position, Question, Refused, Rows,
    Stage, Summary, Terms, Unaffordable, Whose, day_of,
};
use reelay::time::{DAY, HOUR, Millis, SECOND};

/// The price of one render.
const PRICE: u64 = 3_000_000;

#[test]
fn an_order_that_does_not_fit_into_its_users_day_is_refused_and_nothing_is_stored_i13() {
    let mut story = user_limit(10_000_000);
    for name in ["1", "2", "3"] {
        assert_eq!(order(&mut story, name), None);
    }
    let over = order(&mut story, "4").expect("only one dollar is left");
    assert_eq!(
        over.whose,
        Whose::User {
            limit_micros: 10_000_000,
            left_micros: 1_000_000
        }
    );
    assert_eq!(
        (over.price_micros, over.resets_at),
        (PRICE, Some(midnight(&story)))
    );
    assert_eq!((story.entry("4"), spent(&story)), (None, 3 * PRICE));
    assert_eq!(
        order(&mut story, "bob/1"),
        None,
        "each user has a limit of their own"
    );
}

#[test]
fn the_limit_of_all_users_together_tells_nobody_what_others_spend_i13() {
    let mut story = QueueStory::with_slots(9);
    story.policy.max_cost_per_day = Some(2 * PRICE);
    assert_eq!(
        (order(&mut story, "bob/1"), order(&mut story, "cid/1")),
        (None, None)
    );
    assert_eq!(
        order(&mut story, "1").map(|over| over.whose),
        Some(Whose::Everyone)
    );
}

#[test]
fn an_order_that_fits_to_the_last_cent_is_taken() {
    let mut story = user_limit(PRICE);
    assert_eq!(order(&mut story, "1"), None);
    let mut less = user_limit(PRICE - 1);
    let over = order(&mut less, "1").expect("it never fits");
    assert_eq!(over.resets_at, None, "it will not fit tomorrow either");
}

#[test]
fn what_was_promised_is_taken_and_charged_whatever_is_left() {
    let mut story = user_limit(PRICE);
    for name in ["1", "2"] {
        assert!(story.enqueue(priced(name)).is_some());
    }
    assert_eq!(spent(&story), 2 * PRICE);
    assert!(order(&mut story, "3").is_some());
}

#[test]
fn a_repeat_of_an_order_is_charged_once_and_not_refused() {
    let mut story = user_limit(PRICE);
    for _ in 0..3 {
        assert_eq!(order(&mut story, "1"), None);
    }
    assert_eq!(spent(&story), PRICE);
}

#[test]
fn an_order_that_waits_to_be_confirmed_is_charged_when_it_is_and_keeps_nobody_out_until_then_i13() {
    let mut story = user_limit(PRICE);
    for name in ["1", "2", "3"] {
        assert!(
            matches!(ask(&mut story, unconfirmed(name)), Ok(Some(_))),
            "{name}"
        );
    }
    assert_eq!((spent(&story), order(&mut story, "4")), (0, None));
    let before = story.entry("1");
    assert!(matches!(
        afford(&mut story, "1"),
        Err(Unaffordable::OverBudget(_))
    ));
    assert_eq!(
        (spent(&story), story.entry("1")),
        (PRICE, before),
        "nothing changed"
    );
    story.report(Summary {
        cost_micros: 0,
        ..ended("4", Status::Failed)
    });
    assert_eq!(
        afford(&mut story, "1"),
        Ok(()),
        "the freed budget pays for the confirmation"
    );
    assert!(matches!(
        afford(&mut story, "2"),
        Err(Unaffordable::OverBudget(_))
    ));
    let confirmed = Summary {
        epoch: 2,
        report_number: 1,
        ..priced("1")
    };
    assert!(story.enqueue(confirmed).is_some());
    assert_eq!(spent(&story), PRICE, "its price was reserved");
}

#[test]
fn a_confirmation_asked_for_twice_is_charged_once_and_one_that_never_came_gives_its_price_back() {
    let mut story = user_limit(PRICE);
    assert!(ask(&mut story, unconfirmed("1")).is_ok());
    for _ in 0..2 {
        assert_eq!((afford(&mut story, "1"), spent(&story)), (Ok(()), PRICE));
    }
    let Some(Stage::Watched { until }) = story.entry("1").map(|entry| entry.stage) else {
        panic!("the entry must be watched")
    };
    assert!(until <= story.now + WATCH, "the queue checks the job soon");
    story.hears("1", 1, said(1, 0, Status::PendingConfirmation, Some(0)));
    assert_eq!(spent(&story), 0);
}

#[test]
fn an_order_that_no_day_leaves_enough_for_is_refused_before_it_is_confirmed() {
    let mut story = user_limit(PRICE - 1);
    let Err(Refused::OverBudget(over)) = ask(&mut story, unconfirmed("1")) else {
        panic!("it must not fit")
    };
    assert_eq!((over.resets_at, story.entry("1")), (None, None));
}

#[test]
fn what_waits_for_another_prompt_is_charged_with_it() {
    let mut story = user_limit(2 * PRICE);
    order(&mut story, "1");
    story.report(ended("1", Status::PendingClarification));
    assert_eq!((spent(&story), order(&mut story, "2")), (0, None));
    assert_eq!(
        (afford(&mut story, "1"), spent(&story)),
        (Ok(()), 2 * PRICE)
    );
    assert!(order(&mut story, "3").is_some());
}

#[test]
fn what_a_job_did_not_spend_is_there_for_the_next_order() {
    let mut story = user_limit(PRICE);
    order(&mut story, "1");
    story.report(Summary {
        cost_micros: 0,
        ..ended("1", Status::Failed)
    });
    assert_eq!((spent(&story), order(&mut story, "2")), (0, None));
    story.report(Summary {
        cost_micros: PRICE / 3,
        ..ended("2", Status::Completed)
    });
    assert_eq!(
        spent(&story),
        PRICE / 3,
        "the render cost less than its price"
    );
}

#[test]
fn an_older_report_of_a_job_gives_nothing_back() {
    let mut story = user_limit(PRICE);
    order(&mut story, "1");
    story.report(Summary {
        cost_micros: PRICE,
        ..ended("1", Status::Completed)
    });
    story.report(Summary {
        cost_micros: 0,
        report_number: 1,
        ..ended("1", Status::Processing)
    });
    assert_eq!(spent(&story), PRICE);
}

#[test]
fn less_goes_back_to_the_day_it_was_charged_to_and_more_is_charged_to_today() {
    let mut story = user_limit(10 * PRICE);
    story.now = 100 * DAY + 23 * HOUR;
    order(&mut story, "1");
    story.now += 2 * HOUR;
    assert_eq!(spent(&story), 0, "a new day");
    story.report(Summary {
        cost_micros: PRICE + 5,
        ..ended("1", Status::Processing)
    });
    assert_eq!(charges(&story, "1"), [(100, PRICE), (101, 5)]);
    story.report(Summary {
        cost_micros: PRICE - 1,
        report_number: 3,
        ..ended("1", Status::Completed)
    });
    assert_eq!(charges(&story, "1"), [(100, PRICE - 1)]);
    assert_eq!([100, 101].map(|day| spent_on(&story, day)), [PRICE - 1, 0]);
}

#[test]
fn the_limit_starts_anew_at_midnight_and_the_clean_up_forgets_the_days_before_yesterday() {
    let mut story = user_limit(PRICE);
    story.now = 200 * DAY - 1;
    order(&mut story, "1");
    assert!(order(&mut story, "2").is_some());
    story.now += 1;
    assert_eq!(order(&mut story, "2"), None);
    for (days, left) in [(0, 4), (1, 2), (2, 0)] {
        story.now = (200 + days) * DAY + 3 * HOUR;
        story.mark_for_deletion(0);
        assert_eq!(
            story.rows.spending.len(),
            left,
            "one row for the user and one for all, {days} days later"
        );
    }
    story.report(Summary {
        cost_micros: 0,
        ..ended("1", Status::Failed)
    });
    assert!(
        story.rows.spending.is_empty(),
        "a refund does not restore a deleted row"
    );
}

#[test]
fn a_job_that_is_gone_without_a_submit_gives_its_reserve_back_and_one_that_ended_does_not() {
    let mut story = user_limit(3 * PRICE);
    for name in ["withdrawn", "ended"] {
        order(&mut story, name);
    }
    story.report(Summary {
        cost_micros: PRICE,
        submits: 1,
        ..ended("ended", Status::Completed)
    });
    for name in ["withdrawn", "ended"] {
        story.takes(Heard {
            ask: asking(name, 1, Question::Start),
            said: MISSING,
        });
    }
    assert_eq!(spent(&story), PRICE);
}

#[test]
fn a_job_made_anew_under_the_name_of_a_withdrawn_one_is_charged_alone() {
    let mut story = user_limit(9 * PRICE);
    order_later(&mut story, "1");
    assert!(
        story
            .enqueue(Summary {
                created_at: 7,
                ..priced("1")
            })
            .is_some()
    );
    assert_eq!(
        (spent(&story), charges(&story, "1")),
        (PRICE, vec![(day_of(story.now), PRICE)])
    );
}

#[test]
fn a_further_attempt_is_asked_for_first_and_its_price_is_held() {
    let mut story = user_limit(2 * PRICE);
    failed_after_paying(&mut story, "1");
    assert_eq!(afford(&mut story, "1"), Ok(()));
    assert_eq!(spent(&story), 2 * PRICE);
    assert_eq!(
        afford(&mut story, "1"),
        Ok(()),
        "the repeat reserves nothing more"
    );
    assert!(
        order(&mut story, "2").is_some(),
        "other orders cannot spend what is reserved"
    );
    story.enqueue(Summary {
        epoch: 2,
        report_number: 3,
        cost_micros: 2 * PRICE,
        submits: 1,
        ..priced("1")
    });
    assert_eq!(spent(&story), 2 * PRICE, "the attempt uses its reserve");
}

#[test]
fn a_further_attempt_that_does_not_fit_is_refused_and_nothing_changes_i13() {
    let mut story = user_limit(2 * PRICE - 1);
    failed_after_paying(&mut story, "1");
    let before = story.rows.clone();
    assert!(matches!(
        afford(&mut story, "1"),
        Err(Unaffordable::OverBudget(_))
    ));
    assert_eq!(story.rows, before);
}

#[test]
fn who_holds_a_price_is_asked_whatever_its_attempt_before_has_said_i13() {
    let mut story = user_limit(2 * PRICE);
    failed_after_paying(&mut story, "1");
    assert_eq!(afford(&mut story, "1"), Ok(()));
    let settled = Summary {
        cost_micros: PRICE,
        submits: 1,
        settled: true,
        ..ended("1", Status::Failed)
    };
    story.report(settled);
    assert_eq!(
        story.stage("1"),
        Stage::Watched {
            until: story.now + WATCH
        }
    );
}

#[test]
fn a_held_price_is_given_back_when_the_attempt_was_not_begun() {
    let mut story = user_limit(2 * PRICE);
    failed_after_paying(&mut story, "1");
    let failed = State {
        cost_micros: PRICE,
        ..state(1, 2, Status::Failed, None)
    };
    story.hears("1", 1, Ok(Some(failed.clone())));
    assert_eq!(story.stage("1"), Stage::Ended);
    assert_eq!(afford(&mut story, "1"), Ok(()));
    assert_eq!(
        story.stage("1"),
        Stage::Watched {
            until: story.now + WATCH
        },
        "the queue checks the job soon"
    );
    story.hears(
        "1",
        1,
        Ok(Some(State {
            cost_micros: 2 * PRICE,
            ..state(2, 3, Status::Queued, None)
        })),
    );
    assert_eq!(spent(&story), 2 * PRICE, "the new attempt is charged");
    story.hears("1", 1, Ok(Some(failed)));
    assert_eq!(spent(&story), PRICE);
}

#[test]
fn what_a_job_says_when_it_is_asked_counts_unless_it_is_older_than_its_report() {
    let mut story = user_limit(2 * PRICE);
    failed_after_paying(&mut story, "1");
    for (report_number, cost, charged) in [(1, 0, PRICE), (2, PRICE + 1, PRICE + 1), (3, 7, 7)] {
        let said = State {
            submits: 1,
            cost_micros: cost,
            ..state(1, report_number, Status::Failed, Some(0))
        };
        story.hears("1", 1, Ok(Some(said)));
        assert_eq!(spent(&story), charged, "after report {report_number}");
    }
}

#[test]
fn attempts_that_are_asked_for_at_the_same_time_do_not_all_take_what_is_left_i13() {
    let mut story = user_limit(3 * PRICE);
    for name in ["1", "2"] {
        failed_after_paying(&mut story, name);
    }
    assert_eq!(afford(&mut story, "1"), Ok(()));
    assert!(matches!(
        afford(&mut story, "2"),
        Err(Unaffordable::OverBudget(_))
    ));
}

#[test]
fn who_pays_nothing_anew_need_not_fit() {
    let mut story = user_limit(PRICE);
    order(&mut story, "1");
    assert_eq!(
        afford(&mut story, "1"),
        Ok(()),
        "its render is charged already"
    );
    assert_eq!(
        afford(&mut story, "unknown"),
        Err(Unaffordable::Unknown),
        "its price is not charged yet, so it must not be paid for"
    );
    assert_eq!(spent(&story), PRICE);
}

#[test]
fn nobody_starts_because_an_order_was_refused() {
    let mut story = user_limit(PRICE);
    story.policy.slots = 0;
    order(&mut story, "1");
    story.policy.slots = 9;
    assert!(order(&mut story, "2").is_some());
    assert!(story.holders().is_empty());
}

#[test]
fn a_models_own_limit_counts_where_it_is_the_smaller() {
    for (own, operators, granted) in [
        (Some(1), 3, 1),
        (Some(9), 3, 3),
        (None, 3, 3),
        (Some(0), 3, 1),
    ] {
        let mut story = QueueStory::with_slots(9);
        story.policy.submits_per_minute = operators;
        for name in ["1", "2", "3", "4"] {
            story.enqueue(Summary {
                submits_per_minute: own,
                ..summary(name, 0)
            });
        }
        assert_eq!(
            story.holders().len(),
            granted,
            "the model's {own:?}, the operator's {operators}"
        );
        assert_eq!(story.position("4").blocked_by, Some(BlockedBy::RateLimit));
    }
}

/// Ada may spend this much a day.
fn user_limit(micros: u64) -> QueueStory {
    let mut story = QueueStory::with_slots(9);
    story.policy.max_cost_per_user_per_day = Some(micros);
    story
}

fn priced(name: &str) -> Summary {
    Summary {
        cost_micros: PRICE,
        price_micros: PRICE,
        ..summary(name, 0)
    }
}

/// What a job that awaits confirmation enqueues.
fn unconfirmed(name: &str) -> Summary {
    Summary {
        status: Status::PendingConfirmation,
        cost_micros: 0,
        ..priced(name)
    }
}

fn ended(name: &str, status: Status) -> Summary {
    Summary {
        price_micros: PRICE,
        ..told(name, 1, 2, status)
    }
}

fn ask(story: &mut QueueStory, summary: Summary) -> Result<Option<Position>, Refused> {
    story.takes(Enqueue {
        summary,
        terms: Terms::default(),
    })
}

/// Why a new order was refused.
fn order(story: &mut QueueStory, name: &str) -> Option<OverBudget> {
    match ask(story, priced(name)) {
        Err(Refused::OverBudget(over)) => Some(over),
        _ => None,
    }
}

/// The order's start is delayed.
fn order_later(story: &mut QueueStory, name: &str) {
    let terms = Terms {
        not_before: Some(story.now + HOUR),
        ..Terms::default()
    };
    story
        .takes(Enqueue {
            summary: priced(name),
            terms,
        })
        .expect("it fits");
}

fn failed_after_paying(story: &mut QueueStory, name: &str) {
    order(story, name);
    story.now += START_PATIENCE + SECOND;
    story.report(Summary {
        cost_micros: PRICE,
        submits: 1,
        ..ended(name, Status::Failed)
    });
}

fn afford(story: &mut QueueStory, name: &str) -> Result<(), Unaffordable> {
    story.takes(Afford { key: key(name) })
}

/// What is charged today to Ada and to all users.
fn spent(story: &QueueStory) -> u64 {
    spent_on(story, day_of(story.now))
}

fn spent_on(story: &QueueStory, day: u64) -> u64 {
    let [Ok(own), Ok(all)] = [
        story.rows.spent(day, Some(ADA)),
        story.rows.spent(day, None),
    ];
    assert!(own <= all);
    own
}

fn charges(story: &QueueStory, name: &str) -> Vec<(u64, u64)> {
    let entry = story.entry(name).expect("the queue knows it");
    entry
        .charges
        .iter()
        .map(|Charge { day, micros }| (*day, *micros))
        .collect()
}

fn midnight(story: &QueueStory) -> Millis {
    (day_of(story.now) + 1) * DAY
}
