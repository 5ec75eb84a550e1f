//! What the log says about requests and jobs, read from the lines it writes (I12).

use crate::job_story::{Answer, BEGINNING, JobStory};
use futures::executor::block_on;
use futures::future::{join, poll_fn};
use reelay::ids::JobKey;
use reelay::log;
use reelay::log::Done;
use reelay::machine::delivery::Receipt;
use reelay::machine::job::{Cancel, Effect, Progress, TimelineEntry, TimelineStep};
use reelay::machine::outcome::{ErrorCode, Failure, Trouble};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tracing::{Instrument, Level};

#[test]
fn a_line_is_one_object_with_time_level_message_and_the_fields_that_are_there() {
    let lines = logged(Level::INFO, || {
        let absent: Option<u64> = None;
        tracing::warn!(
            reason = "of ours",
            durationMs = 5_u64,
            absent,
            "[API] Something"
        );
    });
    let expected = json!({
        "timestamp": "1970-01-01T00:16:40.000Z", "level": "WARN", "message": "[API] Something",
        "reason": "of ours", "durationMs": 5,
    });
    assert_eq!(lines, [expected]);
}

#[test]
fn two_requests_that_take_turns_do_not_mix_their_fields() {
    let lines = logged(Level::INFO, || {
        let way = async |user: &str| {
            log::user(user);
            for turn in 0_u64..3 {
                tracing::info!(turn, "[API] Turn");
                once_more().await;
            }
        };
        let [one, other] = ["r-1", "r-2"].map(|id| log::request(id, "GET"));
        block_on(join(
            way("u_1").instrument(one),
            way("u_2").instrument(other),
        ));
    });
    let told: Vec<_> = lines
        .iter()
        .map(|line| (&line["requestId"], &line["userId"], &line["turn"]))
        .collect();
    for turn in 0..3 {
        for (request, user) in [("r-1", "u_1"), ("r-2", "u_2")] {
            assert!(
                told.contains(&(&json!(request), &json!(user), &json!(turn))),
                "{lines:#?}"
            );
        }
    }
    assert_eq!(told.len(), 6);
    assert_eq!(
        (told[0].0, told[1].0),
        (&json!("r-1"), &json!("r-2")),
        "the two requests were interleaved"
    );
}

#[test]
fn a_level_keeps_out_what_is_less_and_takes_nothing_from_what_is_left() {
    let key = JobKey::new("u_1", "g_1");
    let all = || {
        let work = async {
            log::generation(&key);
            tracing::error!("[API] Error");
            tracing::warn!("[API] Warning");
            tracing::info!("[API] Information");
            tracing::debug!("[API] Detail");
        };
        block_on(work.instrument(log::request("r-1", "POST")));
    };
    for (level, expected) in [
        (Level::ERROR, 1),
        (Level::WARN, 2),
        (Level::INFO, 3),
        (Level::DEBUG, 4),
    ] {
        let lines = logged(level, all);
        assert_eq!(lines.len(), expected, "{level}");
        for line in lines {
            assert_eq!(
                (&line["requestId"], &line["userId"], &line["generationId"]),
                (&json!("r-1"), &json!("u_1"), &json!("g_1")),
                "{level}"
            );
        }
    }
}

#[test]
fn a_name_stands_in_a_line_once_and_the_innermost_counts() {
    let within = async {
        log::user("u_2");
        tracing::info!("[QUEUE] Enqueued");
        tracing::info!(userId = "u_3", "[QUEUE] Enqueued");
    };
    let lines = written(Level::INFO, || {
        let around = async {
            log::user("u_1");
            within.instrument(log::object()).await;
        };
        block_on(around.instrument(log::request("r-1", "GET")));
    });
    for (line, user) in lines.iter().zip(["u_2", "u_3"]) {
        assert_eq!(line.matches("userId").count(), 1, "{line}");
        assert!(
            line.contains(&format!(r#""userId":"{user}""#))
                && line.contains(r#""requestId":"r-1""#),
            "{line}"
        );
    }
    assert_eq!(lines.len(), 2);
}

#[test]
fn every_step_has_a_message_of_its_own_that_can_be_understood_alone() {
    let messages: BTreeSet<&str> = TimelineStep::ALL
        .iter()
        .map(|step| log::line(*step).0)
        .collect();
    assert_eq!(messages.len(), TimelineStep::ALL.len());
    let story = JobStory::started();
    for step in TimelineStep::ALL
        .iter()
        .copied()
        .filter(|step| *step != TimelineStep::Failed)
    {
        let [line] = &lines_of(&story, &[entry(step)], None)[..] else {
            panic!("{step:?} must write one line")
        };
        let (message, level) = log::line(step);
        assert_eq!(
            (&line["message"], &line["step"]),
            (&json!(message), &json!(step))
        );
        assert_eq!(line["level"], level.as_str(), "{step:?}");
    }
}

#[test]
fn a_steps_detail_stays_in_the_timeline_because_it_may_repeat_the_prompt_i12() {
    let mut story = JobStory::started();
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    let failure = Failure::new(
        ErrorCode::InvalidRequest,
        "The prompt \"a secret wish\" is not supported.",
    );
    let answer = Answer::Submitted(Err(Trouble::Refused(failure)));
    let done = Done::of(
        &answer.clone().to(Effect::Submit {
            epoch: 1,
            attempt: 1,
        }),
        17,
    );
    let before = story.timeline().len();
    story.hears(answer);
    let detailed = |step: &TimelineStep| TimelineEntry {
        detail: Some("a secret wish".to_owned()),
        ..entry(*step)
    };
    let timeline: Vec<TimelineEntry> = story.timeline[before..].iter().map(detailed).collect();
    let lines = lines_of(&story, &timeline, Some(&done));
    let [refused, failed] = &lines[..] else {
        panic!("two lines were expected: {lines:#?}")
    };
    assert!(!format!("{lines:?}").contains("secret"), "{lines:#?}");
    assert_eq!(refused["message"], "[UPSTREAM] Submit refused");
    assert_eq!(
        (&refused["errorCode"], &refused["durationMs"]),
        (&json!("invalid_request"), &json!(17))
    );
    assert_eq!(
        (&refused["provider"], &refused["model"]),
        (&failed["provider"], &failed["model"])
    );
    assert_eq!(
        (&failed["message"], &failed["errorCode"]),
        (&json!("[JOB] Failed"), &json!("invalid_request"))
    );
    assert_eq!(
        failed["level"], "WARN",
        "a fault of the order is no error of the operator"
    );
}

#[test]
fn a_failure_that_is_the_operators_matter_is_an_error() {
    let mut story = JobStory::started();
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    story.hears(Answer::Submitted(Err(Trouble::Unknown)));
    let lines = lines_of(&story, &[entry(TimelineStep::Failed)], None);
    assert_eq!(
        (&lines[0]["level"], &lines[0]["errorCode"]),
        (&json!("ERROR"), &json!("submit_outcome_unknown"))
    );
}

#[test]
fn a_webhooks_attempt_names_its_event_its_number_and_the_answer() {
    let mut story = JobStory::accepted();
    story.takes(Cancel);
    let effect = story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
    let answer = Answer::Delivered(Receipt::Failed {
        status: Some(503),
        retry_after: None,
    });
    let done = Done::of(&answer.clone().to(effect), 40);
    story.hears(answer);
    let [line] = &lines_of(&story, &[entry(TimelineStep::WebhookFailed)], Some(&done))[..] else {
        panic!("one line")
    };
    assert_eq!(
        (&line["message"], &line["level"]),
        (&json!("[WEBHOOK] Attempt failed"), &json!("WARN"))
    );
    assert_eq!(
        (&line["event"], &line["webhookAttempt"]),
        (&json!("generation.cancelled"), &json!(1))
    );
    assert_eq!(
        (&line["status"], &line["durationMs"]),
        (&json!(503), &json!(40))
    );
    assert_eq!(line["eventId"], story.job.outbox[0].id);
}

#[test]
fn an_effect_that_comes_to_no_step_is_told_with_its_outcome() {
    let story = JobStory::rendering();
    let poll = Effect::Poll {
        epoch: 1,
        operation: "operations/secret".to_owned(),
    };
    let report = Effect::Report {
        epoch: 1,
        number: 1,
    };
    for (effect, answer, message, outcome, level) in [
        (
            &poll,
            Answer::Polled(Ok(Progress::Running)),
            "[UPSTREAM] Polled",
            "running",
            "DEBUG",
        ),
        (
            &poll,
            Answer::Polled(Err(Trouble::Unknown)),
            "[UPSTREAM] Polled",
            "unknown",
            "WARN",
        ),
        (
            &report,
            Answer::Reported(Ok(())),
            "[JOB] Reported",
            "done",
            "DEBUG",
        ),
        (
            &report,
            Answer::Reported(Err(Trouble::Unknown)),
            "[JOB] Report failed",
            "unknown",
            "WARN",
        ),
    ] {
        let done = Done::of(&answer.to(effect.clone()), 3);
        let lines = logged(Level::DEBUG, || log::effect(&story.job, &done));
        let [line] = &lines[..] else {
            panic!("one line")
        };
        assert_eq!(
            (&line["message"], &line["outcome"]),
            (&json!(message), &json!(outcome))
        );
        assert_eq!(
            (&line["level"], &line["durationMs"]),
            (&json!(level), &json!(3))
        );
        assert!(!line.to_string().contains("secret"));
    }
}

fn entry(step: TimelineStep) -> TimelineEntry {
    TimelineEntry {
        at: BEGINNING,
        step,
        detail: None,
    }
}

fn lines_of(story: &JobStory, timeline: &[TimelineEntry], done: Option<&Done>) -> Vec<Value> {
    logged(Level::DEBUG, || log::steps(&story.job, timeline, done))
}

/// The lines that `work` writes.
fn logged(level: Level, work: impl FnOnce()) -> Vec<Value> {
    let lines = written(level, work);
    lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn written(level: Level, work: impl FnOnce()) -> Vec<String> {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let sheet = Arc::clone(&lines);
    let write = move |_, line: &str| sheet.lock().unwrap().push(line.to_owned());
    tracing::subscriber::with_default(log::subscriber(level, write, || BEGINNING), work);
    std::mem::take(&mut lines.lock().unwrap())
}

/// Lets the other task run once.
async fn once_more() {
    let mut waited = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
