//! The mode `queue` with messages that no correct sender would send, and with a consumer that dies.

use crate::harness::{Api, Configuration, Lent, Setup, Ticker, World, kept, unique, until};
use chrono::DateTime;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

const SETTINGS: [(&str, &str); 2] = [("DISPATCH_MODE", "queue"), ("MAX_CONCURRENT_JOBS", "1")];
const PATIENCE: Duration = Duration::from_mins(1);
const TICK: Duration = Duration::from_millis(300);

/// A worker with one slot, in the mode `queue`, with the injector.
fn world() -> Lent {
    static WORLD: Mutex<Option<World>> = Mutex::new(None);
    let configuration = Configuration {
        injector: true,
        ..Configuration::default()
    };
    kept(
        &WORLD,
        &Setup {
            variables: &SETTINGS,
            configuration,
            ..Setup::default()
        },
    )
}

#[test]
fn repeated_reordered_foreign_and_unreadable_messages_start_nothing_twice_or_out_of_order_i3_i4_i6_i7()
 {
    let world = world();
    let (user, stranger) = (world.user(), world.user());
    let jobs = Jobs::ordered(&world, &user, 3);
    let batches = || world.worker.log().matches("QUEUE reelay-dispatch ").count();
    let before = batches();
    let mut messages: Vec<Value> = jobs
        .ids
        .iter()
        .rev()
        .map(|id| wake_up(&user, id, 1))
        .collect();
    messages.extend(messages.clone());
    messages.extend(jobs.ids.iter().map(|id| wake_up(&stranger, id, 1)));
    messages.push(wake_up(&user, "never-ordered", 1));
    messages.push(wake_up(&user, "..", 7));
    messages.extend([
        json!({}),
        json!(null),
        json!([1]),
        json!({ "generationId": 5, "userId": user.user }),
    ]);
    world.worker.inject("DISPATCH", &messages, 0);
    world.worker.inject_texts("DISPATCH", &["not JSON", ""], 0);
    world.worker.inject(
        "DEAD",
        &[json!({ "epoch": 1 }), wake_up(&stranger, &jobs.ids[1], 1)],
        0,
    );
    until("the consumer has received the messages", PATIENCE, || {
        (batches() > before).then_some(())
    });
    assert_eq!(
        world.upstream.requests("submit", &jobs.prompts[1]).len(),
        0,
        "two jobs hold the one slot"
    );
    let _sweep = Ticker::start(&world.worker, TICK);
    world.upstream.open("poll");
    jobs.complete_once_in_order(&world, &user);
    for id in &jobs.ids {
        assert_eq!(stranger.get(&format!("/api/generations/{id}")).status, 404);
    }
    assert_eq!(user.get("/api/generations/never-ordered").status, 404);
    // Messages left in the queue do not harm a later job either.
    let later = user.generate(&unique("after all that"));
    user.ends_as(&later, "completed");
    world.all_slots_are_free();
}

#[test]
fn a_dead_letter_ends_a_waiting_job_with_a_clear_sentence_and_touches_no_other_i1_i3_i5_i8() {
    let world = world();
    let user = world.user();
    let sweep = Ticker::start(&world.worker, TICK);
    let (ended, ended_prompt) = (user.generate(&unique("ended before")), unique("is retried"));
    user.ends_as(&ended, "completed");
    drop(sweep);
    let jobs = Jobs::ordered(&world, &user, 2);
    let retried = user.generate(&ended_prompt);
    assert_eq!(
        user.post(&format!("/api/generations/{retried}/cancel"))
            .status,
        200
    );
    user.ends_as(&retried, "cancelled");
    assert_eq!(
        user.post(&format!("/api/generations/{retried}/retry"))
            .status,
        200
    );
    let [running, waiting] = [&jobs.ids[0], &jobs.ids[1]];
    // For the running job the epoch is current; for the retried one it is that of the older
    // attempt.
    let messages = [&ended, running, &retried, waiting].map(|id| wake_up(&user, id, 1));
    world.worker.inject("DEAD", &messages, 0);
    let generation = user.fails_with(waiting, "internal");
    let sentence = generation["error"].as_str().expect("a sentence");
    assert!(
        sentence.contains("could not be started") && sentence.ends_with('.'),
        "{sentence}"
    );
    let told = world.upstream.only_event(waiting, "generation.failed");
    assert_eq!(told.len(), 1, "{told:#?}");
    let body: Value =
        serde_json::from_str(told[0]["body"].as_str().expect("a body")).expect("JSON");
    assert_eq!(
        (&body["errorCode"], &body["error"]),
        (&json!("internal"), &generation["error"])
    );
    for id in [&ended, running, &retried] {
        until("each dead letter is handled", PATIENCE, || {
            world
                .worker
                .has_logged("[DISPATCH] Dead letter received", id)
                .then_some(())
        });
    }
    assert_eq!(user.generation(&ended)["status"], "completed");
    assert_eq!(user.generation(running)["phase"], "rendering");
    assert_eq!(user.generation(&retried)["status"], "queued");
    world.upstream.open("poll");
    let _sweep = Ticker::start(&world.worker, TICK);
    for (id, prompt) in [(running, &jobs.prompts[0]), (&retried, &ended_prompt)] {
        user.ends_as(id, "completed");
        assert_eq!(world.upstream.paid(prompt).len(), 1, "{prompt}");
    }
    assert!(
        world
            .upstream
            .requests("submit", &jobs.prompts[1])
            .is_empty(),
        "a failed job is not started later"
    );
    assert_eq!(
        user.post(&format!("/api/generations/{waiting}/retry"))
            .status,
        200,
        "the user may retry it"
    );
    user.ends_as(waiting, "completed");
    world.all_slots_are_free();
}

#[test]
fn jobs_whose_messages_die_with_the_consumer_are_started_by_the_sweep_and_two_sweeps_at_once_start_nothing_twice_i1_i2_i4()
 {
    let world = world();
    let user = world.user();
    let jobs = Jobs::ordered(&world, &user, 4);
    // The local queue keeps its messages in memory: the kill loses those that wait for a retry.
    world.worker.kill();
    world.upstream.open("poll");
    world.worker.restart();
    user.ends_as(&jobs.ids[0], "completed");
    assert_eq!(
        user.generation(&jobs.ids[3])["status"],
        "queued",
        "only the sweep can start it"
    );
    until(
        "the sweeps, fired in pairs, have started all",
        PATIENCE,
        || {
            thread::scope(|scope| {
                scope.spawn(|| world.worker.tick());
                scope.spawn(|| world.worker.tick());
            });
            (user.generation(&jobs.ids[3])["phase"] == "done").then_some(())
        },
    );
    jobs.complete_once_in_order(&world, &user);
    world.all_slots_are_free();
}

/// Jobs in line: the first renders and holds the only slot until the poll's gate is opened.
struct Jobs {
    ids: Vec<String>,
    prompts: Vec<String>,
}

impl Jobs {
    fn ordered(world: &World, user: &Api, count: usize) -> Self {
        world.upstream.close("poll");
        let prompts: Vec<String> = (0..count).map(|_| unique("by a message")).collect();
        let ids = prompts.iter().map(|prompt| user.generate(prompt)).collect();
        world.upstream.wait_held("poll", &prompts[0], 1);
        Self { ids, prompts }
    }

    fn complete_once_in_order(&self, world: &World, user: &Api) {
        for (id, prompt) in self.ids.iter().zip(&self.prompts) {
            user.ends_as(id, "completed");
            assert_eq!(
                world.upstream.requests("submit", prompt).len(),
                1,
                "{prompt}"
            );
            world.upstream.only_event(id, "generation.completed");
        }
        let stats = world.upstream.render_stats();
        let accepted = stats["accepted"].as_array().into_iter().flatten();
        let accepted: Vec<&str> = accepted.filter_map(|job| job["prompt"].as_str()).collect();
        assert_eq!(accepted, self.prompts, "each job once and in order");
        assert_eq!(stats["maxRendering"], 1);
    }
}

fn wake_up(user: &Api, id: &str, epoch: u64) -> Value {
    let shown = user.get(&format!("/api/generations/{id}")).json();
    let created = shown["generation"]["createdAt"]
        .as_str()
        .map(|at| DateTime::parse_from_rfc3339(at).expect("a time"));
    let created = created.map_or(0, |at| at.timestamp_millis());
    json!({ "generationId": id, "userId": user.user, "epoch": epoch, "createdAt": created })
}
