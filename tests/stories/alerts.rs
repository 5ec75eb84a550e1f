//! Alerts: each fires once after its threshold and is resolved once, and its messages are sent
//! until the receiver accepts them (I19).

use crate::queue_story::{ADA, QueueStory, key, state, summary, told};
use reelay::machine::Status;
use reelay::machine::alerts::{AlertKind, AlertMessage, AlertPolicy, QUIET, SETTLED};
use reelay::machine::delivery::{DeliveryState, DeliverySummary, EventKind, Receipt};
use reelay::machine::job::State;
use reelay::machine::limiter::Availability;
use reelay::machine::metrics::{Count, Metrics, UpstreamCall};
use reelay::machine::outcome::Trouble;
use reelay::machine::queue::{
    AlertAnswered, AlertsDue, CHECK_PATIENCE, Pause, Redelivered, RedeliveredEvent, Resume,
    Summary, Terms,
};
use reelay::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use serde_json::Value;

const AFTER: Millis = 5 * MINUTE;
const WAIT: Millis = 15 * MINUTE;
const PRICE: u64 = 1_000_000;
const ACCEPTED: Receipt = Receipt::Accepted { status: 200 };

#[test]
fn an_upstream_that_is_shut_fires_once_after_five_minutes_and_is_resolved_once_it_opens_i19() {
    let mut story = watching(&[AlertKind::UpstreamUnavailable]);
    refused(&mut story, "job", 2);
    story.now += AFTER - SECOND;
    story.sweep();
    assert_eq!(firing(&story), [""; 0], "not yet");
    story.now += SECOND;
    for _ in 0..9 {
        story.sweep();
        story.now += MINUTE;
    }
    assert_eq!(firing(&story), ["upstream_unavailable veo3/veo-3.1"]);
    let fired = only_message(&mut story);
    assert_eq!(
        (&fired["state"], &fired["upstream"], &fired["type"]),
        (
            &Value::from("firing"),
            &Value::from("veo3/veo-3.1"),
            &Value::from("upstream_unavailable")
        )
    );
    story.report_with(
        Summary {
            submits: 3,
            ..told("job", 2, 9, Status::Processing)
        },
        Some(Availability::Accepted),
    );
    swept(&mut story, 3);
    assert_eq!(firing(&story), [""; 0]);
    let resolved = only_message(&mut story);
    assert_eq!(resolved["state"], "resolved");
    assert_eq!(resolved["since"], fired["since"]);
    assert_ne!(resolved["id"], fired["id"]);
    swept(&mut story, 9);
    assert_eq!(story.rows.alerts.messages(), []);
}

#[test]
fn an_upstream_with_a_probe_in_flight_is_still_shut() {
    let mut story = watching(&[AlertKind::UpstreamUnavailable]);
    refused(&mut story, "job", 2);
    swept(&mut story, 6);
    assert_eq!(story.holders(), ["job"], "it probes");
    assert_eq!(firing(&story).len(), 1);
    swept(&mut story, 3);
    assert_eq!(
        firing(&story).len(),
        1,
        "nobody waits, but the probe goes on"
    );
}

#[test]
fn a_condition_that_is_over_for_less_than_a_minute_causes_no_message() {
    let mut story = watching(&[AlertKind::LongWait]);
    story.enqueue(summary("holder", 0));
    story.enqueue(summary("waits", 0));
    story.now += WAIT;
    story.sweep();
    let fired = only_message(&mut story);
    assert_eq!(fired["state"], "firing");
    for _ in 0..5 {
        story.policy.alerts.wait = DAY;
        story.sweep();
        story.now += SETTLED - SECOND;
        story.sweep();
        story.policy.alerts.wait = WAIT;
        story.sweep();
    }
    assert_eq!(story.rows.alerts.messages(), []);
    assert_eq!(firing(&story), ["long_wait"]);
}

#[test]
fn without_a_sweep_the_queues_own_alarm_checks_and_sends_i19() {
    let mut story = watching(&[AlertKind::LongWait]);
    story.enqueue(summary("holder", 0));
    story.enqueue(summary("waits", 0));
    let since = story.now;
    let sent = alarms_until_sent(&mut story);
    assert_eq!(story.now, since + WAIT, "the alarm comes at the threshold");
    assert_eq!(sent.len(), 1);
}

#[test]
fn what_a_step_has_caused_is_checked_within_ninety_seconds_without_a_sweep_i19() {
    let mut story = watching(&[AlertKind::PaidAnswerLost]);
    let since = story.now;
    loses_an_answer(&mut story, "job", 1);
    let sent = alarms_until_sent(&mut story);
    assert!(story.now <= since + CHECK_PATIENCE, "{}", story.now - since);
    assert_eq!(body(&sent[0])["type"], "paid_answer_lost");
}

#[test]
fn a_long_wait_names_the_pause_of_the_queue() {
    let mut story = watching(&[AlertKind::LongWait]);
    story.takes(Pause);
    story.enqueue(summary("waits", 0));
    story.now += WAIT;
    story.sweep();
    let fired = only_message(&mut story);
    assert!(
        fired["text"]
            .as_str()
            .is_some_and(|text| text.contains("paused")),
        "{fired:#}"
    );
    assert_eq!(fired["figures"]["oldestWaitMs"], WAIT);
    assert_eq!(fired["figures"]["waiting"], 1);
    story.takes(Resume);
    swept(&mut story, 3);
    assert_eq!(only_message(&mut story)["state"], "resolved");
}

#[test]
fn an_answer_that_was_lost_counts_once_and_is_over_when_none_was_lost_for_an_hour() {
    let mut story = watching(&[AlertKind::PaidAnswerLost]);
    loses_an_answer(&mut story, "job", 1);
    story.sweep();
    assert_eq!(only_message(&mut story)["figures"]["lost"], 1);
    // The same report again.
    loses_an_answer(&mut story, "job", 1);
    story.now += HOUR - MINUTE;
    loses_an_answer(&mut story, "other", 1);
    story.sweep();
    swept(&mut story, 30);
    assert_eq!(firing(&story), ["paid_answer_lost"]);
    story.now += QUIET;
    swept(&mut story, 3);
    assert_eq!(only_message(&mut story)["state"], "resolved");
    loses_an_answer(&mut story, "third", 1);
    story.sweep();
    assert_eq!(only_message(&mut story)["figures"]["lost"], 1);
}

#[test]
fn lost_alarms_fire_when_they_are_found() {
    let mut story = watching(&[AlertKind::TimersLost]);
    story.enqueue(summary("job", 0));
    let late = State {
        late: true,
        ..state(1, 1, Status::Processing, Some(story.now))
    };
    story.hears("job", 1, Ok(Some(late)));
    story.sweep();
    assert_eq!(only_message(&mut story)["figures"]["lost"], 1);
}

#[test]
fn exhausted_webhooks_fire_until_none_is_left() {
    let mut story = watching(&[AlertKind::WebhooksExhausted]);
    story.report(with_event("job", exhausted("msg_1", story.now)));
    story.report(with_event("other", exhausted("msg_2", story.now)));
    story.sweep();
    assert_eq!(only_message(&mut story)["figures"]["exhausted"], 2);
    for (job, event) in [("job", "msg_1"), ("other", "msg_2")] {
        swept(&mut story, 5);
        assert_eq!(firing(&story), ["webhooks_exhausted"]);
        let delivery = DeliverySummary {
            redeliveries: 1,
            state: DeliveryState::Pending { next_at: story.now },
            ..exhausted(event, story.now)
        };
        let event = RedeliveredEvent {
            key: key(job),
            event_id: event.to_owned(),
            delivery: Some(delivery),
        };
        story.takes(Redelivered {
            events: vec![event],
        });
    }
    swept(&mut story, 3);
    assert_eq!(only_message(&mut story)["state"], "resolved");
}

#[test]
fn a_budget_fires_at_its_percentage_and_the_next_day_has_room_again() {
    let mut story = watching(&[AlertKind::BudgetUsed]);
    story.policy.slots = 9;
    story.policy.max_cost_per_day = Some(10 * PRICE);
    for number in 0..7 {
        story.order(priced(&number.to_string()));
    }
    story.sweep();
    assert_eq!(firing(&story), [""; 0], "70 %");
    story.order(priced("8"));
    story.sweep();
    let fired = only_message(&mut story);
    assert_eq!(
        (
            &fired["figures"]["percent"],
            &fired["figures"]["spent"],
            &fired["figures"]["limit"]
        ),
        (&Value::from(80), &Value::from(8.0), &Value::from(10.0))
    );
    story.now = (story.now / DAY + 1) * DAY;
    swept(&mut story, 3);
    assert_eq!(only_message(&mut story)["state"], "resolved");
}

#[test]
fn a_message_is_repeated_with_its_id_and_bytes_until_it_is_given_up() {
    let mut story = watching(&[AlertKind::WebhooksExhausted]);
    story.report(with_event("job", exhausted("msg_1", story.now)));
    story.sweep();
    let mut sent = Vec::new();
    let mut times = Vec::new();
    while !story.rows.alerts.messages().is_empty() {
        assert!(times.len() < 20, "the tries are bounded");
        sent.extend(alarms_until_sent_or_over(&mut story));
        times.push(story.now);
        let failed = Receipt::Failed {
            status: Some(503),
            retry_after: None,
        };
        if let Some(last) = sent.last() {
            answers(&mut story, last, failed);
        }
    }
    assert_eq!(sent.len(), 10);
    assert!(sent.windows(2).all(|pair| pair[0] == pair[1]), "{sent:?}");
    let waits: Vec<Millis> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.is_sorted() && waits[0] == 30 * SECOND, "{waits:?}");
    assert_eq!(firing(&story), ["webhooks_exhausted"], "it is still shown");
}

#[test]
fn a_try_without_any_answer_is_repeated_and_a_wish_of_the_receiver_is_heard() {
    let mut story = watching(&[AlertKind::PaidAnswerLost]);
    loses_an_answer(&mut story, "job", 1);
    let first = alarms_until_sent(&mut story);
    let began = story.now;
    assert_eq!(alarms_until_sent(&mut story), first);
    assert_eq!(story.now, began + 30 * SECOND);
    let asks = Receipt::Failed {
        status: Some(429),
        retry_after: Some(HOUR),
    };
    answers(&mut story, &first[0], asks);
    let asked = story.now;
    assert_eq!(alarms_until_sent(&mut story), first);
    assert_eq!(story.now, asked + 2 * MINUTE, "twice the step at most");
}

#[test]
fn a_receiver_that_says_gone_gets_the_message_once() {
    let mut story = watching(&[AlertKind::PaidAnswerLost]);
    loses_an_answer(&mut story, "job", 1);
    let sent = alarms_until_sent(&mut story);
    answers(&mut story, &sent[0], Receipt::Gone);
    assert_eq!(story.rows.alerts.messages(), []);
    // A late answer about it changes nothing.
    answers(&mut story, &sent[0], ACCEPTED);
    assert_eq!(story.rows.alerts.messages(), []);
}

#[test]
fn a_resolution_waits_for_the_message_before_it_and_delays_no_other_alert() {
    let mut story = watching(&[AlertKind::LongWait, AlertKind::PaidAnswerLost]);
    story.enqueue(summary("holder", 0));
    story.enqueue(summary("waits", 0));
    story.now += WAIT;
    story.sweep();
    let first = story.takes(AlertsDue);
    assert_eq!(states(&first), ["firing long_wait"]);
    story.ends("holder");
    swept(&mut story, 1);
    story.now += SETTLED;
    loses_an_answer(&mut story, "other", 1);
    story.sweep();
    let kinds: Vec<AlertKind> = story
        .rows
        .alerts
        .messages()
        .iter()
        .map(|message| message.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            AlertKind::LongWait,
            AlertKind::PaidAnswerLost,
            AlertKind::LongWait
        ]
    );
    let second = story.takes(AlertsDue);
    assert_eq!(
        states(&second),
        ["firing long_wait", "firing paid_answer_lost"]
    );
    answers(&mut story, &second[0], ACCEPTED);
    answers(&mut story, &second[1], ACCEPTED);
    let third = alarms_until_sent(&mut story);
    assert_eq!(states(&third), ["resolved long_wait"]);
}

#[test]
fn a_clock_that_is_set_back_delays_neither_a_check_nor_a_message_i19() {
    let mut story = watching(&[AlertKind::PaidAnswerLost]);
    loses_an_answer(&mut story, "job", 1);
    story.now -= HOUR;
    story.enqueue(summary("any", 0));
    let back = story.now;
    let first = alarms_until_sent(&mut story);
    assert!(story.now <= back + CHECK_PATIENCE);
    story.now -= HOUR;
    let back = story.now;
    story.enqueue(summary("more", 0));
    assert_eq!(alarms_until_sent(&mut story), first);
    assert!(story.now <= back + CHECK_PATIENCE + 2 * MINUTE);
}

#[test]
fn a_kind_that_is_off_never_fires_and_without_any_no_alarm_is_set() {
    let mut story = watching(&[AlertKind::LongWait]);
    loses_an_answer(&mut story, "job", 1);
    story.sweep();
    assert_eq!(firing(&story), [""; 0]);
    let mut story = QueueStory::with_slots(1);
    loses_an_answer(&mut story, "job", 1);
    story.sweep();
    assert_eq!(story.rows.book.alert_at, None);
}

#[test]
fn a_kind_that_is_turned_off_while_it_fires_is_resolved() {
    let mut story = watching(&[AlertKind::PaidAnswerLost]);
    loses_an_answer(&mut story, "job", 1);
    story.sweep();
    only_message(&mut story);
    story.policy.alerts.kinds = [AlertKind::LongWait].into_iter().collect();
    swept(&mut story, 3);
    assert_eq!(only_message(&mut story)["state"], "resolved");
}

#[test]
fn without_a_receiver_an_alert_fires_and_nothing_is_to_be_sent() {
    let mut story = watching(&AlertKind::ALL);
    story.policy.alerts.has_receiver = false;
    loses_an_answer(&mut story, "job", 1);
    story.sweep();
    assert_eq!(firing(&story), ["paid_answer_lost"]);
    assert_eq!(story.rows.alerts.messages(), []);
}

#[test]
fn an_idle_queue_sets_no_alarm_for_alerts() {
    let mut story = watching(&AlertKind::ALL);
    story.sweep();
    assert_eq!(story.wake_at, None);
    story.enqueue(summary("job", 0));
    story.ends("job");
    for _ in 0..9 {
        story.now += MINUTE;
        story.sweep();
    }
    assert_eq!(story.rows.book.alert_at, None);
}

/// A queue with one slot, in which these alerts may fire.
fn watching(kinds: &[AlertKind]) -> QueueStory {
    let mut story = QueueStory::with_slots(1);
    story.policy.alerts = AlertPolicy {
        kinds: kinds.iter().copied().collect(),
        upstream_after: AFTER,
        wait: WAIT,
        budget_percent: 80,
        has_receiver: true,
    };
    story
}

/// A job is refused for now, and waits again.
fn refused(story: &mut QueueStory, name: &str, epoch: u64) {
    story.enqueue(summary(name, 0));
    let again = Summary {
        submits: 1,
        ..told(name, epoch, 1, Status::Queued)
    };
    story.enqueue_on(
        again,
        Terms {
            keeps_place: true,
            availability: Some(Availability::NotNow { after: None }),
            ..Terms::default()
        },
    );
}

/// A job reports that it has lost so many answers to paid submits.
fn loses_an_answer(story: &mut QueueStory, name: &str, lost: u64) {
    let mut metrics = Metrics::default();
    let unknown = Count::call(UpstreamCall::Submit, &Err::<(), _>(Trouble::Unknown));
    metrics.count(unknown, lost);
    story.report(Summary {
        metrics,
        settled: true,
        ..told(name, 1, 2, Status::Failed)
    });
}

fn priced(name: &str) -> Summary {
    Summary {
        cost_micros: PRICE,
        price_micros: PRICE,
        ..summary(name, 0)
    }
}

fn exhausted(id: &str, at: Millis) -> DeliverySummary {
    DeliverySummary {
        id: id.to_owned(),
        kind: EventKind::Completed,
        created_at: at,
        attempts: 1,
        last_status: Some(500),
        state: DeliveryState::Exhausted { at },
        redeliveries: 0,
    }
}

fn with_event(name: &str, delivery: DeliverySummary) -> Summary {
    Summary {
        deliveries: vec![delivery],
        settled: true,
        ..told(name, 1, 2, Status::Completed)
    }
}

/// So many sweeps, a minute apart.
fn swept(story: &mut QueueStory, sweeps: u64) {
    for _ in 0..sweeps {
        story.now += MINUTE;
        story.sweep();
    }
}

/// The alerts that are firing, each with its upstream.
fn firing(story: &QueueStory) -> Vec<String> {
    let firing = story.rows.alerts.firing().iter();
    firing
        .map(|alert| match &alert.upstream {
            Some(upstream) => format!("{} {upstream}", alert.kind.as_str()),
            None => alert.kind.as_str().to_owned(),
        })
        .collect()
}

fn body(message: &AlertMessage) -> Value {
    serde_json::from_str(&message.body).unwrap()
}

fn states(messages: &[AlertMessage]) -> Vec<String> {
    let words = |body: Value| {
        format!(
            "{} {}",
            body["state"].as_str().unwrap(),
            body["type"].as_str().unwrap()
        )
    };
    messages.iter().map(body).map(words).collect()
}

/// The only message that is to be sent; the receiver accepts it. It has the form that every message
/// has.
#[track_caller]
fn only_message(story: &mut QueueStory) -> Value {
    let pending = story.rows.alerts.messages().to_vec();
    assert_eq!(pending.len(), 1, "{pending:#?}");
    let sent = story.takes(AlertsDue);
    assert_eq!(sent.len(), 1);
    answers(story, &sent[0], ACCEPTED);
    let body = body(&sent[0]);
    let text = body["text"].as_str().unwrap();
    assert_eq!(body["content"], text);
    assert!(
        text.chars().count() <= 2_000 && !text.contains(ADA),
        "{text}"
    );
    assert_eq!(body["id"], sent[0].id.as_str());
    assert!(
        body["action"]
            .as_str()
            .is_some_and(|action| !action.is_empty()),
        "{body:#}"
    );
    let docs = format!("docs/alerts.md#{}", body["type"].as_str().unwrap());
    assert_eq!(body["docs"], docs);
    body
}

fn answers(story: &mut QueueStory, message: &AlertMessage, receipt: Receipt) {
    story.takes(AlertAnswered {
        id: message.id.clone(),
        receipt,
    });
}

/// Alarms fire until a message is sent; no sweep comes.
fn alarms_until_sent(story: &mut QueueStory) -> Vec<AlertMessage> {
    let sent = alarms_until_sent_or_over(story);
    assert!(!sent.is_empty(), "nothing is to be sent");
    sent
}

/// The same; nothing if no message is left.
fn alarms_until_sent_or_over(story: &mut QueueStory) -> Vec<AlertMessage> {
    for _ in 0..100 {
        story.asks();
        let sent = story.takes(AlertsDue);
        let waits = !story.rows.alerts.messages().is_empty();
        if !sent.is_empty() || (!waits && !firing(story).is_empty()) {
            return sent;
        }
    }
    panic!("no alarm has sent a message");
}
