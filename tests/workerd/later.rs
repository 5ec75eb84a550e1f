//! Between an order and its start, or long after its end: delayed starts, confirmations,
//! clarifications, deadlines, lost alarms and the daily clean-up.

use crate::harness::{
    Api, Lent, Setup, World, bucket, exclusive, kept, now, shared, unique, until,
};
use chrono::{DateTime, SecondsFormat};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

const SETTINGS: [(&str, &str); 3] = [
    ("DISPATCH_MODE", "alarm"),
    ("ENABLE_CLARIFICATIONS", "true"),
    ("CLEANUP_RETENTION_DAYS", "1"),
];
const PATIENCE: Duration = Duration::from_mins(1);
/// In milliseconds.
const SECOND: u64 = 1_000;
const THREE_MINUTES: i64 = 180_000;
const TWO_DAYS: i64 = 172_800_000;

/// A worker in the mode `alarm`, with clarifications and a retention of one day.
fn world() -> Lent {
    static WORLD: Mutex<Option<World>> = Mutex::new(None);
    kept(
        &WORLD,
        &Setup {
            variables: &SETTINGS,
            ..Setup::default()
        },
    )
}

#[test]
fn in_the_mode_immediate_an_order_for_later_is_started_at_its_time_and_not_before() {
    starts_at_its_time(&exclusive());
}

#[test]
fn in_the_mode_alarm_an_order_for_later_is_started_at_its_time_and_not_before() {
    starts_at_its_time(&world());
}

fn starts_at_its_time(world: &World) {
    let (user, prompt) = (world.user(), unique("for later"));
    let at = now() + 3 * SECOND;
    let answer = user.create(&json!({ "prompt": prompt, "startAfter": written(at) }));
    assert_eq!(
        (answer.status, &answer.json()["blockedBy"]),
        (201, &json!("start_after")),
        "{}",
        answer.text()
    );
    let id = answer.generation_id();
    let generation = user.generation(&id);
    assert_eq!(
        (&generation["status"], &generation["startAfter"]),
        (&json!("queued"), &json!(written(at)))
    );
    let sooner = user.generate(&unique("at once"));
    user.ends_as(&sooner, "completed");
    user.ends_as(&id, "completed");
    let submits = world.upstream.requests("submit", &prompt);
    assert_eq!(submits.len(), 1, "{submits:#?}");
    assert!(
        submits[0]["atMs"].as_u64() >= Some(at),
        "before {at}: {submits:#?}"
    );
    world.upstream.only_event(&id, "generation.completed");
}

#[test]
fn an_order_to_be_confirmed_spends_nothing_until_it_is_and_is_confirmed_once_i4() {
    let world = shared();
    let (user, stranger, prompt) = (world.user(), world.user(), unique("if you are sure"));
    let answer = user.create(&json!({ "prompt": prompt, "confirm": true }));
    assert_eq!(
        (answer.status, &answer.json()["status"]),
        (201, &json!("pending_confirmation")),
        "{}",
        answer.text()
    );
    let id = answer.generation_id();
    let confirm = format!("/api/generations/{id}/confirm");
    // A later order has completed meanwhile.
    let other = user.generate(&unique("without a question"));
    user.ends_as(&other, "completed");
    assert_eq!(user.generation(&id)["status"], "pending_confirmation");
    assert!(
        world.upstream.requests("submit", &prompt).is_empty()
            && world.upstream.inbox(&id).is_empty()
    );
    assert_eq!(stranger.post(&confirm).status, 404);
    let confirmed = user.post(&confirm);
    assert_eq!(
        (confirmed.status, &confirmed.json()["status"]),
        (200, &json!("queued")),
        "{}",
        confirmed.text()
    );
    refuses(&user, &confirm, "not_pending_confirmation");
    user.ends_as(&id, "completed");
    refuses(&user, &confirm, "not_pending_confirmation");
    refuses(
        &user,
        &format!("/api/generations/{other}/confirm"),
        "not_pending_confirmation",
    );
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
    world.upstream.only_event(&id, "generation.completed");
}

#[test]
fn a_prompt_that_the_safety_filter_refuses_waits_for_another_one_and_completes_with_it_i4_i7() {
    let world = world();
    let (user, stranger) = (world.user(), world.user());
    for (mark, paid) in [("submit:400-safety", 0), ("result:rai", 1)] {
        let (refused, other) = (format!("{} [[{mark}]]", unique("too wild")), unique("tame"));
        let id = user.generate(&refused);
        waits_for_a_clarification(&world, &user, &id);
        let clarify = format!("/api/generations/{id}/clarify");
        let send =
            |api: &Api, body: Value| api.send("POST", &clarify, |request| request.json(&body));
        assert_eq!(send(&stranger, json!({ "prompt": other })).status, 404);
        for (body, field) in [
            (json!({}), "/prompt"),
            (
                json!({ "prompt": other, "response": "or this" }),
                "/response",
            ),
        ] {
            let answer = send(&user, body);
            assert_eq!(
                (
                    answer.status,
                    answer.json()["errors"][0]["pointer"].as_str()
                ),
                (400, Some(field)),
                "{}",
                answer.text()
            );
        }
        assert_eq!(user.generation(&id)["status"], "pending_clarification");
        let answer = send(&user, json!({ "prompt": other }));
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (200, &json!("queued")),
            "{}",
            answer.text()
        );
        user.ends_as(&id, "completed");
        assert_eq!(send(&user, json!({ "prompt": other })).status, 409);
        assert_eq!(
            [&refused, &other].map(|prompt| world.upstream.paid(prompt).len()),
            [paid, 1]
        );
        assert_eq!(
            events(&world, &id),
            ["generation.pending_clarification", "generation.completed"]
        );
    }
    world.all_slots_are_free();
}

#[test]
fn words_added_to_a_refused_prompt_are_rendered_with_it() {
    let world = world();
    let (user, refused) = (world.user(), unique("a shot"));
    world.upstream.faults("[[submit:400-safety]]");
    let id = user.generate(&refused);
    waits_for_a_clarification(&world, &user, &id);
    world.upstream.faults("");
    let words = json!({ "response": "of a camera, taken at dawn" });
    let answer = user.send(
        "POST",
        &format!("/api/generations/{id}/clarify"),
        |request| request.json(&words),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    let generation = user.ends_as(&id, "completed");
    let whole = format!("{refused}\n\nof a camera, taken at dawn");
    assert_eq!(
        (&generation["prompt"], &generation["attempts"]),
        (&json!(whole), &json!(2))
    );
    assert_eq!(world.upstream.paid(&whole).len(), 1);
}

#[test]
fn an_orders_own_time_limit_ends_it_before_the_operators_i1() {
    let world = shared();
    let (user, prompt) = (
        world.user(),
        format!("{} [[result:never]]", unique("not for long")),
    );
    let answer = user.create(&json!({ "prompt": prompt, "timeoutMs": 2_000 }));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.generation_id();
    user.fails_with(&id, "deadline_exceeded");
    world.upstream.only_event(&id, "generation.failed");
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
}

#[test]
fn the_days_clean_up_deletes_what_ended_long_ago_with_its_video_and_nothing_else_i8() {
    let world = world();
    let user = world.user();
    let [old, young] = ["long ago", "lately"].map(|when| user.generate(&unique(when)));
    user.ends_as(&old, "completed");
    user.ends_as(&young, "completed");
    let answer = user.create(&json!({ "prompt": unique("still waiting"), "confirm": true }));
    let waiting = answer.generation_id();
    let key = |id: &str| format!("videos/{}/{id}/1.mp4", user.user);
    assert!(bucket::object(&world.worker, &key(&old)).is_some());
    world.worker.kill();
    let statement = "UPDATE entry SET stage = 'ended', lease_until = NULL, updated_at = updated_at - ?1 \
                WHERE generation_id = ?2";
    let aged: usize = queues(&world)
        .map(|queue| queue.execute(statement, (TWO_DAYS, &old)).unwrap_or(0))
        .sum();
    assert_eq!(aged, 1);
    world.worker.restart();
    world.worker.daily();
    let answer = until("the job is deleted", PATIENCE, || {
        Some(user.get(&format!("/api/generations/{old}"))).filter(|answer| answer.status == 404)
    });
    assert_eq!(answer.json()["code"], "not_found");
    assert_eq!(
        user.get(&format!("/api/generations/{old}/video")).status,
        404
    );
    assert!(
        bucket::object(&world.worker, &key(&old)).is_none(),
        "the job's video is still there"
    );
    let listed = || {
        let page = user.get("/api/generations").json();
        let mut ids: Vec<String> = page["data"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|job| Some(job["generationId"].as_str()?.to_owned()))
            .collect();
        ids.sort();
        ids
    };
    let mut left = vec![young.clone(), waiting.clone()];
    left.sort();
    until("the list no longer has it", PATIENCE, || {
        (listed() == left).then_some(())
    });
    assert_eq!(
        user.get(&format!("/api/generations/{young}/video")).status,
        200
    );
    assert_eq!(user.generation(&waiting)["status"], "pending_confirmation");
    assert_eq!(
        user.post(&format!("/api/generations/{waiting}/confirm"))
            .status,
        200
    );
    user.ends_as(&waiting, "completed");
}

#[test]
fn jobs_whose_timers_the_platform_lost_are_woken_by_the_sweep_which_counts_them_i1_i2_i4() {
    const SLOTS: usize = 2;
    let world = World::start(&[("MAX_CONCURRENT_JOBS", "2"), ("POLL_INTERVAL_MS", "60000")]);
    let user = world.user();
    let prompts: Vec<String> = (0..2 * SLOTS).map(|_| unique("without a timer")).collect();
    let ids: Vec<String> = prompts.iter().map(|prompt| user.generate(prompt)).collect();
    until("two render, with nothing in flight", PATIENCE, || {
        ids.iter()
            .take(SLOTS)
            .all(|id| user.steps(id).contains(&"submitted".to_owned()))
            .then_some(())
    });
    let timers = || user.get("/api/queue/status").json()["status"].clone();
    assert_eq!(
        (&timers()["jobsWithoutTimer"], &timers()["timersRepaired"]),
        (&json!(0), &json!(0))
    );
    world.worker.kill();
    let lost: usize = ["JobManager", "QueueManager"]
        .into_iter()
        .map(|class| lose_alarms(&world, class))
        .sum();
    assert_eq!(lost, ids.len() + 1, "every job and the queue had an alarm");
    let rendering = jobs(&world)
        .map(|job| job.execute(SOON, []).unwrap_or(0))
        .sum::<usize>();
    let silent = queues(&world)
        .map(|queue| queue.execute(SILENT, [THREE_MINUTES]).unwrap_or(0))
        .sum::<usize>();
    assert_eq!((rendering, silent), (SLOTS, SLOTS));
    world.upstream.close("poll");
    world.worker.restart_with(&[("POLL_INTERVAL_MS", "200")]);
    world.worker.tick();
    world.upstream.wait_held("poll", "", SLOTS);
    let found = json!([SLOTS, SLOTS]);
    until("both missing alarms are counted", PATIENCE, || {
        (json!([timers()["jobsWithoutTimer"], timers()["timersRepaired"]]) == found).then_some(())
    });
    world.upstream.open("poll");
    for (id, prompt) in ids.iter().zip(&prompts) {
        user.ends_as(id, "completed");
        assert_eq!(world.upstream.paid(prompt).len(), 1, "{prompt}");
        assert_eq!(
            world.upstream.only_event(id, "generation.completed").len(),
            1
        );
    }
    until("no alarm is missing any more", PATIENCE, || {
        (timers()["jobsWithoutTimer"] == 0).then_some(())
    });
    assert_eq!(timers()["timersRepaired"], ids.len());
    world.all_slots_are_free();
}

/// Shortens the poll interval of renders, once something wakes their jobs.
const SOON: &str = "UPDATE job SET record = json_replace(record, '$.job.phase.rendering.poll_interval', 200) \
    WHERE json_type(record, '$.job.phase.rendering') IS NOT NULL";
/// Moves the time at which the queue checks the holders of slots back, as if it had passed.
const SILENT: &str = "UPDATE entry SET lease_until = lease_until - ?1 WHERE stage = 'held'";

/// Deletes the alarms of a killed worker's objects; returns how many there were. The runtime has a
/// list of all alarms, and each object's database has the time of its own.
fn lose_alarms(world: &World, class: &str) -> usize {
    let lose = |path: &PathBuf| {
        let known = if is_alarms(path) {
            "DELETE FROM _cf_ALARM"
        } else {
            "DELETE FROM _cf_METADATA WHERE key = 1"
        };
        let lost = open(path).execute(known, []).expect("the alarms");
        if is_alarms(path) { lost } else { 0 }
    };
    world.worker.databases(class).iter().map(lose).sum()
}

/// The databases of a killed worker's jobs.
fn jobs(world: &World) -> impl Iterator<Item = Connection> {
    world
        .worker
        .databases("JobManager")
        .into_iter()
        .filter(|path| !is_alarms(path))
        .map(|path| open(&path))
}

/// The database of a killed worker's queue.
fn queues(world: &World) -> impl Iterator<Item = Connection> {
    world
        .worker
        .databases("QueueManager")
        .into_iter()
        .filter(|path| !is_alarms(path))
        .map(|path| open(&path))
}

fn is_alarms(path: &Path) -> bool {
    path.ends_with("metadata.sqlite")
}

fn open(path: &Path) -> Connection {
    Connection::open(path).expect("a database")
}

/// The job waits for a clarification, and the app has the event that says why.
#[track_caller]
fn waits_for_a_clarification(world: &World, user: &Api, id: &str) {
    let waits = || {
        Some(user.generation(id))
            .filter(|generation| generation["status"] == "pending_clarification")
    };
    let generation = until("the job waits for another prompt", PATIENCE, waits);
    world.upstream.wait("webhook", id, 1);
    let told = world
        .upstream
        .only_event(id, "generation.pending_clarification");
    let body: Value =
        serde_json::from_str(told[0]["body"].as_str().expect("a body")).expect("JSON");
    let reason = body["error"].as_str().expect("a reason");
    assert!(
        reason.ends_with('.') && generation["error"] == reason,
        "{generation:#}\n{body:#}"
    );
    assert_eq!(
        (&body["status"], &body["errorCode"]),
        (
            &json!("pending_clarification"),
            &json!("provider_rejected_content")
        )
    );
    assert_eq!(
        user.get(&format!("/api/generations/{id}/video")).status,
        404
    );
}

#[track_caller]
fn refuses(user: &Api, path: &str, code: &str) {
    let answer = user.post(path);
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (409, Some(code)),
        "{path}: {}",
        answer.text()
    );
}

fn events(world: &World, id: &str) -> Vec<String> {
    let deliveries = world.upstream.inbox(id);
    deliveries
        .iter()
        .filter_map(|delivery| Some(delivery["event"].as_str()?.to_owned()))
        .collect()
}

/// A time as the API writes it.
fn written(at: u64) -> String {
    let time = i64::try_from(at)
        .ok()
        .and_then(DateTime::from_timestamp_millis);
    time.expect("a time")
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
