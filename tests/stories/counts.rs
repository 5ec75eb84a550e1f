//! The counters (I18): every event counts once, despite repeats, delays and losses; one row per
//! minute.

use crate::job_story::{Answer, JobStory, again, never, video};
use crate::queue_story::{QueueStory, Said, asking, state, summary, told};
use reelay::machine::delivery::Receipt;
use reelay::machine::job::{Cancel, Effect, Phase, Retry, State};
use reelay::machine::metrics::{Count, Metrics, UpstreamCall, table};
use reelay::machine::outcome::{ErrorCode, Outcome, Trouble};
use reelay::machine::queue::{Ask, Heard, Minute, Question, Sample, Stage, Summary, Terms};
use reelay::machine::{Status, metrics};
use reelay::time::{DAY, MINUTE, Millis, SECOND};

#[test]
fn a_job_counts_its_calls_errors_phases_and_webhooks() {
    let mut story = JobStory::started();
    story.acts();
    story.now += 2 * SECOND;
    story.hears(Answer::Submitted(again(
        ErrorCode::ProviderRateLimited,
        None,
    )));
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    story.hears(Answer::Submitted(Ok("operations/1".to_owned())));
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(Answer::Polled(Err(Trouble::Unknown)));
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(Answer::Polled(never(ErrorCode::ProviderRejectedContent)));
    story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
    story.hears(Answer::Delivered(Receipt::Failed {
        status: Some(500),
        retry_after: None,
    }));
    story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
    story.hears(Answer::Delivered(Receipt::Accepted { status: 200 }));
    let metrics = &story.job.metrics;
    let calls: Vec<(String, u64)> = metrics
        .of_metric(&table::CALLS)
        .map(|(labels, count)| (labels.join(" "), count))
        .collect();
    let expected = [
        ("poll refused", 1),
        ("poll unknown", 1),
        ("submit done", 1),
        ("submit retry", 1),
    ];
    assert_eq!(
        calls,
        expected.map(|(labels, count)| (labels.to_owned(), count))
    );
    assert_eq!(
        (
            metrics.of(Count::RateLimited),
            metrics.of(Count::Error(None)),
            metrics.sum(&table::ERRORS)
        ),
        (1, 1, 3)
    );
    assert_eq!(metrics.of(Count::Retry(metrics::TimedPhase::Submitting)), 1);
    assert_eq!(metrics.of(Count::Retry(metrics::TimedPhase::Rendering)), 1);
    assert_eq!(
        (
            metrics.of(Count::Attempt(Status::Failed)),
            metrics.sum(&table::ATTEMPTS)
        ),
        (1, 1)
    );
    assert_eq!(
        metrics.of(Count::Failure(ErrorCode::ProviderRejectedContent)),
        1
    );
    let phase = |phase: &str| metrics.histogram(&table::PHASE, Some(phase));
    assert_eq!(
        [
            phase("submitting").count(),
            phase("rendering").count(),
            phase("storing").count()
        ],
        [2, 1, 0]
    );
    assert!(phase("submitting").sum >= 2 * SECOND);
    let sent = [true, false].map(|delivered| metrics.of(Count::WebhookSent { delivered }));
    assert_eq!(
        (
            sent,
            metrics.of(Count::WebhookRetry),
            metrics.of(Count::WebhookExhausted)
        ),
        ([1, 1], 1, 0)
    );
    assert_eq!(metrics.histogram(&table::WEBHOOK_DELIVERY, None).count(), 1);
}

#[test]
fn an_effect_that_was_cut_off_counts_as_a_call_without_an_answer() {
    let mut story = JobStory::storing();
    story.may_act();
    assert!(matches!(story.job.phase, Phase::Storing { .. }));
    let fetch = |outcome: &Outcome<()>| Count::call(UpstreamCall::Fetch, outcome);
    assert_eq!(story.job.metrics.of(fetch(&Err(Trouble::Unknown))), 1);
    story.until_it_acts(|effect| matches!(effect, Effect::Store { .. }));
    story.hears(Answer::Stored(Ok(video(1))));
    assert_eq!(story.job.metrics.of(fetch(&Ok(()))), 1);
    let took = story
        .job
        .metrics
        .histogram(&table::PROCESSING, Some("completed"));
    assert_eq!(Some(took.sum), story.job.processing_time());
}

#[test]
fn a_further_attempt_goes_on_counting() {
    let mut story = JobStory::started();
    assert_eq!(story.takes(Cancel), None);
    assert_eq!(story.takes(Retry), None);
    assert_eq!(story.takes(Cancel), None);
    assert_eq!(story.job.metrics.of(Count::Attempt(Status::Cancelled)), 2);
}

#[test]
fn a_message_that_comes_twice_or_late_counts_once_i18() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    let early = Summary {
        metrics: limited(1),
        submits: 1,
        ..told("job", 1, 1, Status::Processing)
    };
    let late = Summary {
        metrics: limited(3),
        submits: 1,
        ..told("job", 1, 2, Status::Completed)
    };
    for summary in [&late, &early, &late, &early] {
        story.report(summary.clone());
        story.enqueue_on(
            Summary {
                status: Status::Queued,
                report_number: 0,
                ..summary.clone()
            },
            Terms::default(),
        );
    }
    story.hears("job", 1, said(4));
    story.hears("job", 1, said(2));
    assert_eq!(counted(&story, Count::RateLimited), 4);
    assert_eq!(
        (
            counted(&story, Count::Accepted),
            counted(&story, Count::Started)
        ),
        (1, 1)
    );
}

#[test]
fn a_new_job_of_a_name_is_counted_from_its_beginning_i18() {
    let mut story = QueueStory::with_slots(1);
    let of = |created_at, count| Summary {
        created_at,
        metrics: limited(count),
        ..told("job", 1, 2, Status::Completed)
    };
    story.report(of(5, 2));
    settles(&mut story, 5);
    story.report(of(7, 1));
    settles(&mut story, 7);
    story.report(of(7, 1));
    assert_eq!(
        (
            counted(&story, Count::Accepted),
            counted(&story, Count::RateLimited)
        ),
        (2, 3)
    );
}

#[test]
fn an_order_that_is_refused_counts_nothing() {
    let mut story = QueueStory::with_slots(0);
    story.policy.max_waiting = 0;
    assert_eq!(
        story.order(Summary {
            metrics: limited(1),
            ..summary("job", 0)
        }),
        None
    );
    let totals = story.totals();
    assert!(totals.is_empty());
}

#[test]
fn a_wait_counts_from_the_order_the_end_of_its_delay_or_the_return_to_the_line() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("first", 0));
    let until = story.now + 10 * SECOND;
    story.enqueue_on(
        summary("later", 0),
        Terms {
            not_before: Some(until),
            ..Terms::default()
        },
    );
    story.enqueue(summary("second", 0));
    story.now += 15 * SECOND;
    story.ends("first");
    assert_eq!(
        wait(&story),
        (2, 15 * SECOND),
        "the first job did not wait, the second waited 15 s"
    );
    story.now = until + 20 * SECOND;
    story.ends("second");
    assert_eq!(
        wait(&story),
        (3, 15 * SECOND + 20 * SECOND),
        "waiting counts from the end of the delay"
    );
    // An upstream refusal sends it back to its place, where its wait is counted anew.
    let again = Summary {
        epoch: 2,
        submits: 1,
        ..summary("later", 0)
    };
    story.now += 100 * SECOND;
    story.enqueue_on(
        again,
        Terms {
            keeps_place: true,
            ..Terms::default()
        },
    );
    assert_eq!(wait(&story).0, 4);
    assert_eq!(wait(&story).1, 35 * SECOND, "the slot was free immediately");
}

#[test]
fn what_is_counted_stands_in_its_minute_and_the_sum_of_all_before_in_one_row() {
    let mut story = QueueStory::with_slots(1);
    let first = story.now / MINUTE;
    story.enqueue(summary("a", 0));
    story.enqueue(summary("b", 0));
    story.now += MINUTE;
    story.sweep();
    let row = |story: &QueueStory, number: u64| {
        story.rows.minutes.get(&number).cloned().unwrap_or_default()
    };
    assert_eq!(row(&story, first).counted.whole().of(Count::Accepted), 2);
    let sample = Sample {
        waiting: 1,
        running: 1,
        oldest_wait: MINUTE,
    };
    assert_eq!(
        row(&story, first + 1),
        Minute {
            sample: Some(sample),
            ..Minute::default()
        }
    );
    assert_eq!(row(&story, 0).counted.whole().of(Count::Accepted), 2);
    // When the clock goes back, counting continues in the latest minute.
    story.now -= MINUTE;
    story.enqueue(summary("c", 0));
    assert_eq!(
        row(&story, first + 1).counted.whole().of(Count::Accepted),
        1
    );
    assert_eq!(counted(&story, Count::Accepted), 3);
}

#[test]
fn a_week_is_kept_and_nothing_is_lost_from_the_sum_when_it_is_over() {
    let mut story = QueueStory::with_slots(0);
    story.now = 30 * DAY;
    story.enqueue(summary("old", 0));
    story.now += DAY;
    story.enqueue(summary("young", 0));
    story.now += 7 * DAY;
    story.mark_for_deletion(0);
    let kept: Vec<u64> = story.rows.minutes.keys().copied().collect();
    assert_eq!(
        kept,
        [0, 31 * DAY / MINUTE],
        "one week of minutes, and the sum"
    );
    story.now += 9 * DAY;
    story.mark_for_deletion(0);
    assert_eq!(
        story.rows.minutes.len(),
        2,
        "the latest minute is not summed yet"
    );
    assert_eq!(counted(&story, Count::Accepted), 2);
}

#[test]
fn money_is_counted_as_it_is_charged_and_given_back() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(Summary {
        cost_micros: 3_000_000,
        price_micros: 3_000_000,
        ..summary("job", 0)
    });
    story.report(Summary {
        cost_micros: 500_000,
        ..told("job", 1, 2, Status::Failed)
    });
    assert_eq!(
        [Count::Charged, Count::Returned].map(|count| counted(&story, count)),
        [3_000_000, 2_500_000]
    );
}

#[test]
fn a_job_asks_and_tells_no_more_often_for_being_counted() {
    let mut story = JobStory::storing();
    story.hears(Answer::Stored(Ok(video(1))));
    let mut effects = Vec::new();
    while story.job.wake(story.now).is_some() {
        story.sleeps();
        let Some(effect) = story.may_act() else {
            continue;
        };
        effects.push(match effect {
            Effect::Report { .. } => {
                story.hears(Answer::Reported(Ok(())));
                "report"
            }
            Effect::Deliver { .. } => {
                story.hears(Answer::Delivered(Receipt::Accepted { status: 200 }));
                "deliver"
            }
            other => panic!("{other:?} was not expected"),
        });
    }
    assert_eq!(
        effects,
        ["report", "deliver", "report"],
        "the last report says that nothing is left to do"
    );
}

/// The job has nothing left to do.
fn settles(story: &mut QueueStory, created_at: Millis) {
    let ask = Ask {
        created_at,
        ..asking("job", 1, Question::Check)
    };
    story.takes(Heard {
        ask,
        said: Ok(Some(state(1, 4, Status::Completed, None))),
    });
    assert_eq!(story.stage("job"), Stage::Ended);
}

fn limited(count: u64) -> Metrics {
    let mut metrics = Metrics::default();
    metrics.count(Count::RateLimited, count);
    metrics
}

/// The answer of a job that was refused this often.
fn said(count: u64) -> Said {
    Ok(Some(State {
        metrics: limited(count),
        ..state(1, 2, Status::Completed, Some(0))
    }))
}

fn counted(story: &QueueStory, count: Count) -> u64 {
    let totals = story.totals();
    totals.whole().of(count)
}

/// How many slots were granted, and the total time jobs waited for them.
fn wait(story: &QueueStory) -> (u64, u64) {
    let totals = story.totals();
    let wait = totals.whole().histogram(&table::WAIT, None);
    (wait.count(), wait.sum)
}
