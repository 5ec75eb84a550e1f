//! workerd and wrangler are killed with SIGKILL at every point of a job's life, in each mode, and
//! restarted with the same state.
//!
//! Where a point is a request in flight, a gate of the upstream holds the request until the kill. A
//! point between two requests is met by a kill as soon as something shows that it is reached;
//! several jobs are in progress there, so that the kill meets them a little before and a little
//! after it. Jobs cut off at one point are left alone during the next kills and are checked at the
//! end: most of them are killed more than once.

use crate::harness::upstream::SAMPLE;
use crate::harness::{Api, Setup, Ticker, Wire, World, told, unique, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Every job may start at once, because jobs of earlier points still hold their slots.
const SETTINGS: [(&str, &str); 2] = [
    ("MAX_CONCURRENT_JOBS", "40"),
    ("UPSTREAM_TIMEOUT_MS", "30000"),
];
/// The time between two ticks of the clock that replaces the minute's cron trigger.
const TICK: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_mins(1);
/// How many jobs are in progress where no gate holds them at the point itself.
const CROWD: usize = 4;

/// Where the kill meets a job.
#[derive(Clone, Copy, Debug)]
enum Point {
    Early(Early),
    OnTheWay(OnTheWay),
}

/// Points before the upstream's first answer: it holds every submit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Early {
    /// Orders are in flight; one of them has just been answered.
    Accepting,
    /// Orders have just been answered.
    Answered,
    /// The log has just shown this message.
    Logged(&'static str),
}

#[derive(Clone, Copy, Debug)]
enum OnTheWay {
    /// The paid call has been sent, but not accepted.
    SubmitBefore,
    /// The paid call is accepted, but its answer is not sent yet.
    SubmitAfter,
    /// The operation's name is recorded.
    Rendering,
    /// The upstream holds this request.
    Held(&'static str),
    /// The app holds the webhook.
    Telling,
    /// The app has just answered the webhook.
    Told,
}

const POINTS: [Point; 12] = [
    Point::Early(Early::Accepting),
    Point::Early(Early::Answered),
    Point::Early(Early::Logged("[JOB] Started")),
    Point::Early(Early::Logged("[UPSTREAM] Submitting")),
    Point::OnTheWay(OnTheWay::SubmitBefore),
    Point::OnTheWay(OnTheWay::SubmitAfter),
    Point::OnTheWay(OnTheWay::Rendering),
    Point::OnTheWay(OnTheWay::Held("poll")),
    Point::OnTheWay(OnTheWay::Held("download")),
    Point::OnTheWay(OnTheWay::Held("bytes")),
    Point::OnTheWay(OnTheWay::Telling),
    Point::OnTheWay(OnTheWay::Told),
];

/// The end that the money rule allows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Completed,
    /// Killed with the paid call in flight; paid for this many times.
    Unknown(usize),
}

struct Killed {
    point: Point,
    id: String,
    prompt: String,
    end: End,
}

#[test]
fn killed_at_twelve_points_in_each_mode_every_job_ends_once_by_the_money_rule_and_no_slot_leaks_i1_i4_i5_i8_i9()
 {
    let jobs: usize = thread::scope(|scope| {
        let modes = ["immediate", "alarm", "queue", "cron"];
        let mut first = 0;
        let killed = modes.map(|mode| {
            first += 1;
            scope.spawn(move || killed_at_every_point(mode, first))
        });
        killed
            .into_iter()
            .map(|killed| killed.join().expect("every point of the mode"))
            .sum()
    });
    told(&format!("{} kills, {jobs} jobs cut off", 4 * POINTS.len()));
}

/// Each point uses another wire in the next mode, so that it meets each wire. Returns how many
/// jobs were cut off.
fn killed_at_every_point(mode: &str, first: usize) -> usize {
    let variables: Vec<_> = SETTINGS
        .into_iter()
        .chain([("DISPATCH_MODE", mode)])
        .collect();
    let world = World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    });
    // For the modes that depend on the minute's trigger: a kill loses the messages that the local
    // queue keeps in memory.
    let _clock = matches!(mode, "cron" | "queue").then(|| Ticker::start(&world.worker, TICK));
    let user = world.user();
    let wires = Wire::ALL.into_iter().cycle().skip(first);
    let points = POINTS.into_iter().zip(wires);
    let killed: Vec<Killed> = points
        .flat_map(|(point, wire)| killed_at(&world, &user.clone().over(wire), point))
        .collect();
    for job in &killed {
        has_ended_once(&world, &user, job);
    }
    world.all_slots_are_free();
    killed.len()
}

fn killed_at(world: &World, user: &Api, point: Point) -> Vec<Killed> {
    match point {
        Point::Early(early) => killed_early(world, user, early),
        Point::OnTheWay(on_the_way) => vec![killed_on_the_way(world, user, on_the_way)],
    }
}

/// A kill while the upstream holds every submit, if any has been sent.
fn killed_early(world: &World, user: &Api, point: Early) -> Vec<Killed> {
    world.upstream.close("submit");
    let prompt = format!("killed at {point:?}");
    let orders: Vec<(String, String)> = (0..CROWD)
        .map(|_| (unique("killed"), unique(&prompt)))
        .collect();
    let (answered, answers) = mpsc::channel();
    let senders: Vec<_> = orders
        .iter()
        .cloned()
        .map(|order| {
            let (user, answered) = (user.clone(), answered.clone());
            thread::spawn(move || {
                let answer = user.try_create(&body(user.wire, &order));
                // The later answers are not awaited.
                let _ = answered.send(());
                answer
            })
        })
        .collect();
    answers.recv().expect("an answer");
    if point != Early::Accepting {
        (1..CROWD).for_each(|_| answers.recv().expect("an answer"));
    }
    if let Early::Logged(step) = point {
        until("the log shows the step", PATIENCE, || {
            orders
                .iter()
                .any(|(id, _)| world.worker.has_logged(step, id))
                .then_some(())
        });
    }
    world.worker.kill();
    for sender in senders {
        if let Some(status) = sender.join().expect("a sender") {
            assert!(status == 201 || point == Early::Accepting, "{status}");
        }
    }
    // The submits sent before the kill; none of them is accepted, because the gate is still closed.
    let sent: BTreeSet<String> = orders
        .iter()
        .map(|(_, prompt)| prompt)
        .filter(|prompt| !world.upstream.requests("submit", prompt).is_empty())
        .cloned()
        .collect();
    for prompt in &sent {
        world.upstream.wait_abandoned("submit", prompt, 1);
    }
    world.worker.restart();
    for order in orders.iter().filter(|_| point == Early::Accepting) {
        let again = user.create(&body(user.wire, order));
        assert!(
            matches!(again.status, 200 | 201),
            "repeat of the order: {}",
            again.text()
        );
    }
    let killed: Vec<Killed> = orders
        .into_iter()
        .map(|(id, prompt)| {
            let end = if sent.contains(&prompt) {
                End::Unknown(0)
            } else {
                submits_or_ends(world, user, &id, &prompt)
            };
            Killed {
                point: Point::Early(point),
                id,
                prompt,
                end,
            }
        })
        .collect();
    world.upstream.open("submit");
    // The next kill must not meet the jobs that have only now been submitted.
    for job in killed.iter().filter(|job| job.end == End::Completed) {
        until("the submit is recorded", PATIENCE, || {
            user.steps(&job.id)
                .contains(&"submitted".to_owned())
                .then_some(())
        });
    }
    killed
}

/// The outcome of a job whose submit had not reached the upstream: its submit is held now, or its
/// intent was saved just before the kill and the submit's outcome is unknown.
fn submits_or_ends(world: &World, user: &Api, id: &str, prompt: &str) -> End {
    until("the job is submitted or given up", PATIENCE, || {
        let submits = world.upstream.requests("submit", prompt);
        match submits.first().map(|submit| &submit["outcome"]) {
            Some(outcome) if outcome == "held" => Some(End::Completed),
            Some(outcome) if outcome == "abandoned" => Some(End::Unknown(0)),
            _ => user
                .steps(id)
                .contains(&"submit_outcome_unknown".to_owned())
                .then_some(End::Unknown(0)),
        }
    })
}

/// A kill while a gate holds the job's own request, or between two requests.
fn killed_on_the_way(world: &World, user: &Api, point: OnTheWay) -> Killed {
    let (id, prompt) = (unique("killed"), unique(&format!("killed at {point:?}")));
    let upstream = &world.upstream;
    match point {
        OnTheWay::SubmitBefore => upstream.close("submit"),
        OnTheWay::SubmitAfter => upstream.close_after_acceptance(),
        OnTheWay::Rendering => upstream.close("poll"),
        OnTheWay::Held(step) => upstream.close(step),
        OnTheWay::Telling => upstream.close("webhook"),
        OnTheWay::Told => {}
    }
    let answer = user.create(&body(user.wire, &(id.clone(), prompt.clone())));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let gate = match point {
        OnTheWay::SubmitBefore | OnTheWay::SubmitAfter => {
            upstream.wait_held("submit", &prompt, 1);
            "submit"
        }
        OnTheWay::Rendering => {
            until("the job renders", PATIENCE, || {
                (user.generation(&id)["phase"] == "rendering").then_some(())
            });
            "poll"
        }
        OnTheWay::Held(step) => {
            upstream.wait_held(user.wire.request_at(step), &prompt, 1);
            step
        }
        OnTheWay::Telling => {
            upstream.wait_held("webhook", &id, 1);
            "webhook"
        }
        OnTheWay::Told => {
            upstream.wait("webhook", &id, 1);
            "webhook"
        }
    };
    world.worker.kill();
    let end = match point {
        OnTheWay::SubmitBefore => End::Unknown(0),
        OnTheWay::SubmitAfter => End::Unknown(1),
        OnTheWay::Rendering | OnTheWay::Held(_) | OnTheWay::Telling | OnTheWay::Told => {
            End::Completed
        }
    };
    // If the upstream still believed the caller to be connected, it would accept the submit when
    // the gate opens.
    if end != End::Completed {
        upstream.wait_abandoned(gate, &prompt, 1);
    }
    upstream.open(gate);
    world.worker.restart();
    Killed {
        point: Point::OnTheWay(point),
        id,
        prompt,
        end,
    }
}

fn has_ended_once(world: &World, user: &Api, job: &Killed) {
    let Killed {
        point,
        id,
        prompt,
        end,
    } = job;
    let (paid, event) = match end {
        End::Completed => {
            user.ends_as(id, "completed");
            let video = user.get(&format!("/api/generations/{id}/video"));
            assert!(
                video.status == 200 && video.body == SAMPLE,
                "{point:?}: {} with {} bytes",
                video.status,
                video.body.len()
            );
            (1, "generation.completed")
        }
        End::Unknown(paid) => {
            user.fails_with(id, "submit_outcome_unknown");
            (*paid, "generation.failed")
        }
    };
    assert_eq!(
        world.upstream.paid(prompt).len(),
        paid,
        "paid renders, killed at {point:?}"
    );
    assert!(
        world.upstream.requests("submit", prompt).len() <= 1,
        "killed at {point:?}"
    );
    let ends = ["completed", "failed", "cancelled"];
    let ended = user
        .steps(id)
        .into_iter()
        .filter(|step| ends.contains(&step.as_str()))
        .count();
    assert_eq!(ended, 1, "a job ends once: {:#}", user.timeline(id));
    // One event id and one body, however many attempts the app received.
    let deliveries = world.upstream.only_event(id, event);
    assert!(
        deliveries
            .iter()
            .any(|delivery| delivery["answered"] == 200),
        "{deliveries:#?}"
    );
}

fn body(wire: Wire, (id, prompt): &(String, String)) -> Value {
    json!({ "generationId": id, "prompt": prompt, "provider": wire.provider() })
}
