//! What an operator changes without a deploy, on a running worker: pauses of a video service or a
//! model, limits, bulks, and the priority of users' own tokens. Every change survives a kill (I17,
//! I9, I13, I20).

use crate::harness::token::{self, JWT_SECRET};
use crate::harness::worker::{ADMIN_KEY, SERVICE_KEY};
use crate::harness::{Answer, Api, Setup, Wire, World, exclusive, told, unique, until};
use serde_json::{Value, json};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: &str = "/api/queue/pause";
const RESUME: &str = "/api/queue/resume";
const SETTINGS: &str = "/api/queue/settings";
const BULK: &str = "/api/bulk";
/// Later than the tests.
const FAR_FUTURE: u64 = 4_102_444_800;

#[test]
fn a_paused_provider_starts_nothing_while_another_goes_on_and_the_pause_outlives_the_runtime_i17() {
    let world = exclusive();
    let (veo, operator) = (world.user(), operator(&world));
    let vertex = veo.clone().over(Wire::Vertex);
    world.upstream.close("poll");
    let running = unique("it runs already");
    let first = veo.generate(&running);
    world.upstream.wait_held("poll", &running, 1);
    let paused = operator.send_json("POST", PAUSE, &json!({ "provider": "veo3" }));
    assert_eq!(paused.status, 200, "{}", paused.text());
    let since = paused.json()["pausedUpstreams"][0]["pausedSince"].clone();
    assert_eq!(
        paused.json(),
        json!({
            "success": true, "paused": false,
            "pausedUpstreams": [{ "provider": "veo3", "pausedSince": since }],
        })
    );
    world.upstream.open("poll");
    veo.ends_as(&first, "completed");
    let prompt = unique("it waits");
    let waits = veo.generate(&prompt);
    let goes_on = vertex.generate(&unique("it goes on"));
    vertex.ends_as(&goes_on, "completed");

    world.worker.kill();
    world.worker.restart();
    world.worker.tick();
    veo.waits_as(
        &waits,
        &json!({ "status": "queued", "blockedBy": "paused" }),
    );
    assert_eq!(
        status(&veo)["pausedUpstreams"],
        json!([{ "provider": "veo3", "pausedSince": since }])
    );
    assert!(world.upstream.requests("submit", &prompt).is_empty());
    let metrics = operator.get("/metrics").text();
    assert!(
        metrics.contains(r#"reelay_upstream_paused{provider="veo3",model=""} 1"#),
        "{metrics}"
    );
    let whole = operator.post(RESUME).json();
    assert_eq!(
        whole["pausedUpstreams"][0]["provider"], "veo3",
        "the resumption of the queue leaves it: {whole}"
    );
    let resumed = operator.send_json("POST", RESUME, &json!({ "provider": "veo3" }));
    assert_eq!(resumed.json(), json!({ "success": true, "paused": false }));
    veo.ends_as(&waits, "completed");
    for action in ["Provider or model paused", "Provider or model resumed"] {
        audited(&world, action, "veo3: ");
    }
}

#[test]
fn one_model_is_paused_and_the_other_of_its_provider_is_not_i17() {
    let world = exclusive();
    let (user, operator) = (world.user(), operator(&world));
    let scope = json!({ "provider": "veo3", "model": Wire::Gemini.model() });
    assert_eq!(operator.send_json("POST", PAUSE, &scope).status, 200);
    let waits = user.generate(&unique("of the paused model"));
    let goes_on = user.generate_by(Wire::Gemini.other_model(), &unique("of the other"));
    user.ends_as(&goes_on, "completed");
    user.waits_as(&waits, &json!({ "blockedBy": "paused" }));
    assert_eq!(operator.send_json("POST", RESUME, &scope).status, 200);
    user.ends_as(&waits, "completed");
}

#[test]
fn a_pause_of_something_unknown_is_refused_by_name_and_pauses_nothing() {
    let world = exclusive();
    let operator = operator(&world);
    for (body, pointer) in [
        (json!({ "provider": "vertx" }), "/provider"),
        (json!({ "provider": "veo3", "model": "veo-9" }), "/model"),
        (json!({ "queue": "all" }), "/queue"),
    ] {
        for path in [PAUSE, RESUME] {
            let refused = operator.send_json("POST", path, &body);
            is_refused(&refused, 400, "invalid_request", &[pointer]);
        }
    }
    let text = operator.send("POST", PAUSE, |request| {
        request.header("content-type", "text/plain").body("veo3")
    });
    assert_eq!(text.status, 415, "{}", text.text());
    let status = status(&operator);
    assert_eq!(
        (&status["paused"], &status["pausedUpstreams"]),
        (&json!(false), &json!([]))
    );
}

#[test]
fn a_limit_changes_at_run_time_outlives_the_runtime_and_is_reset_i9() {
    let world = World::start(&[("MAX_CONCURRENT_JOBS", "1")]);
    let (user, operator) = (world.user(), operator(&world));
    world.upstream.close("poll");
    let prompts: Vec<String> = (0..3).map(|_| unique("one of three")).collect();
    let ids: Vec<String> = prompts.iter().map(|prompt| user.generate(prompt)).collect();
    world.upstream.wait_held("poll", &prompts[0], 1);
    let blocked = json!({ "blockedBy": "concurrency" });
    user.waits_as(&ids[1], &blocked);

    let changed = operator.send_json("PATCH", SETTINGS, &json!({ "maxConcurrentJobs": 2 }));
    assert_eq!(changed.status, 200, "{}", changed.text());
    world.upstream.wait_held("poll", &prompts[1], 1);
    user.waits_as(&ids[2], &blocked);
    let limit = named(&changed, "maxConcurrentJobs");
    assert_eq!(
        (
            &limit["value"],
            &limit["origin"],
            &limit["settingValue"],
            &limit["changedBy"]
        ),
        (&json!(2), &json!("runtime"), &json!(1), &json!("ADMIN_KEY")),
        "{limit:#}"
    );
    assert!(limit["changedAt"].is_string(), "{limit:#}");

    world.worker.kill();
    world.worker.restart();
    assert_eq!(
        operator.get(SETTINGS).json()["settings"],
        changed.json()["settings"]
    );
    let status = status(&user);
    assert_eq!(status["slots"]["total"], 2, "{status:#}");
    assert_eq!(
        status["limits"],
        json!({ "maxConcurrentJobs": 2, "maxConcurrentJobsPerUser": 2, "maxSubmitsPerMinute": 100_000 }),
    );
    let metrics = operator.get("/metrics").text();
    assert!(metrics.contains("\nreelay_slots 2"), "{metrics}");
    let checks = operator.get("/api/setup").json()["checks"].clone();
    let line = checks
        .as_array()
        .into_iter()
        .flatten()
        .find(|check| check["name"] == "limits");
    assert!(
        line.is_some_and(|line| line["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("maxConcurrentJobs 2 (changed at run time)"))),
        "{checks:#}"
    );

    let reset = operator.send_json("PATCH", SETTINGS, &json!({ "maxConcurrentJobs": null }));
    let limit = named(&reset, "maxConcurrentJobs");
    assert_eq!(
        (&limit["value"], &limit["origin"], limit.get("changedBy")),
        (&json!(1), &json!("setting"), None)
    );
    world.upstream.open("poll");
    for id in &ids {
        user.ends_as(id, "completed");
    }
    for outcome in ["maxConcurrentJobs = 2", "maxConcurrentJobs reset"] {
        audited(&world, "Limits changed", outcome);
    }
}

#[test]
fn a_budget_at_run_time_refuses_orders_and_retries_until_it_is_reset_i13() {
    let world = World::start(&[]);
    let (user, operator) = (world.user(), operator(&world));
    world.upstream.faults("[[submit:400-safety]]");
    let failed = user.generate(&unique("to be retried"));
    user.ends_as(&failed, "failed");
    world.upstream.faults("");
    let budgets = json!({ "maxCostPerDay": 1.5, "maxCostPerUserPerDay": 0.5 });
    let changed = operator.send_json("PATCH", SETTINGS, &budgets);
    assert_eq!(changed.status, 200, "{}", changed.text());
    let order = json!({ "prompt": unique("too dear") });
    for refused in [
        user.create(&order),
        user.post(&format!("/api/generations/{failed}/retry")),
    ] {
        is_refused(&refused, 402, "budget_exceeded", &[]);
    }
    let limits = &status(&operator)["limits"];
    assert_eq!(
        (&limits["maxCostPerDay"], &limits["maxCostPerUserPerDay"]),
        (&json!(1.5), &json!(0.5))
    );
    assert_eq!(
        status(&user)["limits"].get("maxCostPerDay"),
        None,
        "users do not see it"
    );
    let reset = json!({ "maxCostPerDay": null, "maxCostPerUserPerDay": null });
    assert_eq!(operator.send_json("PATCH", SETTINGS, &reset).status, 200);
    let retried = user.post(&format!("/api/generations/{failed}/retry"));
    assert_eq!(retried.status, 200, "{}", retried.text());
    user.ends_as(&failed, "completed");
}

#[test]
fn limits_that_are_wrong_or_do_not_fit_together_are_refused_and_nothing_is_stored() {
    let world = exclusive();
    let operator = operator(&world);
    let before = operator.get(SETTINGS).json();
    for (body, pointers) in [
        (
            json!({ "maxConcurrentJobs": 0 }),
            vec!["/maxConcurrentJobs"],
        ),
        (
            json!({ "maxConcurrentJobs": -1, "maxCostPerDay": -2 }),
            vec!["/maxConcurrentJobs", "/maxCostPerDay"],
        ),
        (
            json!({ "maxConcurrentJobs": 2, "maxConcurrentJobsPerUser": 3 }),
            vec!["/maxConcurrentJobsPerUser"],
        ),
        (
            json!({ "maxConcurrentJobs": 5, "maxCostPerDay": 10 }),
            vec!["/maxCostPerUserPerDay"],
        ),
        (json!({ "maxQueueLength": 5 }), vec!["/maxQueueLength"]),
        (json!({}), vec![""]),
    ] {
        let refused = operator.send_json("PATCH", SETTINGS, &body);
        is_refused(&refused, 400, "invalid_request", &pointers);
    }
    assert_eq!(operator.get(SETTINGS).json(), before);
}

#[test]
fn two_hundred_failed_jobs_retried_in_bulk_and_cut_off_by_a_kill_are_paid_for_once_each_i19_i4() {
    const JOBS: usize = 200;
    let world = World::start_beside(&Setup {
        variables: &[("MAX_CONCURRENT_JOBS", "100")],
        ..Setup::default()
    });
    let (user, operator) = (world.user(), operator(&world));
    world.upstream.faults("[[submit:400-safety]]");
    let ids = orders(&user, JOBS);
    until("all have failed", PATIENCE, || {
        (status(&user)["byStatus"]["failed"] == JOBS).then_some(())
    });
    world.upstream.faults("");
    // A submit that a kill cuts off has an unknown outcome, so that no submit may be in flight.
    let scope = json!({ "provider": "veo3" });
    assert_eq!(operator.send_json("POST", PAUSE, &scope).status, 200);

    let filter = json!({ "errorCode": "provider_rejected_content", "userId": user.user });
    let mut request = json!({ "action": "retry", "filter": filter });
    let said = operator.send_json("POST", BULK, &request).json();
    assert_eq!(
        (&said["dryRun"], &said["count"]),
        (&json!(true), &json!(JOBS))
    );
    assert!(said["maxCost"].as_f64() > Some(1.0), "{said}");
    assert_eq!(operator.get(BULK).json()["data"], json!([]), "nothing ran");
    request["dryRun"] = json!(false);
    for (name, less) in [("count", json!(JOBS - 1)), ("maxCost", json!(0.5))] {
        let mut low = request.clone();
        (low["count"], low["maxCost"]) = (said["count"].clone(), said["maxCost"].clone());
        low[name] = less;
        let refused = operator.send_json("POST", BULK, &low);
        is_refused(&refused, 409, "bulk_changed", &["/count", "/maxCost"]);
        assert!(
            refused.text().contains(&JOBS.to_string()),
            "{}",
            refused.text()
        );
    }
    (request["count"], request["maxCost"]) = (said["count"].clone(), said["maxCost"].clone());
    let started = operator.send_json("POST", BULK, &request);
    assert_eq!(started.status, 200, "{}", started.text());
    let id = started.json()["bulk"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let bulk = || operator.get(&format!("{BULK}/{id}")).json()["bulk"].clone();
    let cut = until("a part is done", PATIENCE, || {
        bulk()["done"].as_u64().filter(|done| *done >= 40)
    });
    world.worker.kill();
    world.worker.restart();
    let again = operator.send_json("POST", BULK, &request);
    assert!(
        matches!(again.status, 200 | 409),
        "one bulk at a time, or none matches: {}",
        again.text()
    );
    let ended = until("the bulk has ended", PATIENCE, || {
        Some(bulk()).filter(|bulk| bulk["state"] == "completed")
    });
    assert_eq!(
        (&ended["done"], &ended["left"], &ended["leftAlone"]),
        (&json!(JOBS), &json!(0), &json!({})),
        "{ended:#}"
    );
    assert!(cut < JOBS as u64, "it was cut off halfway: {cut}");
    assert!(world.upstream.render_stats()["accepted"] == json!([]));

    assert_eq!(operator.send_json("POST", RESUME, &scope).status, 200);
    until("all have completed", PATIENCE, || {
        (status(&user)["byStatus"]["completed"] == JOBS).then_some(())
    });
    let paid = world.upstream.render_stats()["accepted"]
        .as_array()
        .map_or(0, Vec::len);
    assert_eq!(paid, JOBS, "renders that were paid for");
    for id in &ids {
        assert_eq!(user.generation(id)["attempts"], 2);
        let steps = user.steps(id);
        let count = |step: &str| steps.iter().filter(|own| *own == step).count();
        assert_eq!(
            (count("operator_acted"), count("retried")),
            (1, 1),
            "{steps:?}"
        );
    }
    audited(&world, "Bulk started", &format!("bulk {id}"));
    told(&format!(
        "a bulk of {JOBS} killed at {cut}: {paid} renders paid for"
    ));
}

#[test]
fn a_bulk_is_stopped_and_its_number_of_jobs_adds_up_i19() {
    let world = World::start(&[("MAX_CONCURRENT_JOBS", "1")]);
    let (user, operator) = (world.user(), operator(&world));
    assert_eq!(operator.post(PAUSE).status, 200);
    orders(&user, 60);
    let filter = json!({ "userId": user.user, "status": "queued" });
    let mut request = json!({ "action": "cancel", "filter": filter });
    let said = operator.send_json("POST", BULK, &request).json();
    assert_eq!(
        (&said["count"], &said["maxCost"]),
        (&json!(60), &json!(0.0))
    );
    request["dryRun"] = json!(false);
    (request["count"], request["maxCost"]) = (json!(60), json!(0));
    let started = operator.send_json("POST", BULK, &request);
    let id = started.json()["bulk"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let other = operator.send_json("POST", BULK, &request);
    let stop = format!("{BULK}/{id}/stop");
    let stopped = operator.post(&stop);
    // The bulk may have ended before either of them.
    if other.status == 409 && other.json()["code"] == "bulk_running" {
        assert!(other.text().contains(&id), "{}", other.text());
    }
    let bulk = until("it is over", PATIENCE, || {
        let bulk = operator.get(&format!("{BULK}/{id}")).json()["bulk"].clone();
        bulk["endedAt"].is_string().then_some(bulk)
    });
    let left_alone = bulk["leftAlone"]["stopped"].as_u64().unwrap_or(0);
    assert_eq!(bulk["done"].as_u64().unwrap_or(0) + left_alone, 60);
    if stopped.status == 200 {
        assert_eq!(
            (&bulk["state"], &bulk["stoppedBy"]),
            (&json!("stopped"), &json!("ADMIN_KEY"))
        );
        audited(&world, "Bulk stopped", &id);
    }
    let again = operator.post(&stop);
    is_refused(&again, 409, "bulk_ended", &[]);
    until("only those wait that were left alone", PATIENCE, || {
        let waiting = status(&user)["byStatus"]["queued"].as_u64().unwrap_or(0);
        (waiting == left_alone).then_some(())
    });
    for unknown in ["1", "x"] {
        let answer = operator.post(&format!("{BULK}/{unknown}/stop"));
        is_refused(&answer, 404, "bulk_not_found", &[]);
        let answer = operator.get(&format!("{BULK}/{unknown}"));
        is_refused(&answer, 404, "bulk_not_found", &[]);
    }
}

#[test]
fn a_bulk_that_is_wrong_is_refused_by_name_and_starts_nothing() {
    let world = exclusive();
    let operator = operator(&world);
    let retry = |filter: Value| json!({ "action": "retry", "filter": filter });
    for (body, pointers) in [
        (retry(json!({})), vec!["/filter/all"]),
        (retry(json!({ "stauts": "failed" })), vec!["/filter/stauts"]),
        (retry(json!({ "status": "queued" })), vec!["/filter/status"]),
        (
            json!({ "action": "retry", "filter": { "all": true }, "dryRun": false }),
            vec!["/count", "/maxCost"],
        ),
        (
            json!({ "action": "retry", "filter": { "all": true }, "dryRun": false, "count": -1, "maxCost": -1 }),
            vec!["/count", "/maxCost"],
        ),
        (json!({}), vec!["/action", "/filter"]),
    ] {
        let refused = operator.send_json("POST", BULK, &body);
        is_refused(&refused, 400, "invalid_request", &pointers);
    }
    let bulks = operator.get(BULK).json();
    assert!(
        bulks["data"]
            .as_array()
            .is_some_and(|bulks| bulks.iter().all(|bulk| bulk["state"] != "running")),
        "{bulks}"
    );
}

#[test]
fn a_users_own_token_orders_at_most_at_the_priority_it_is_allowed() {
    let world = World::start(&[("MAX_USER_PRIORITY", "2")]);
    let user = world.user();
    let order = |api: &Api, priority: u32| {
        api.create(&json!({ "prompt": unique("first"), "priority": priority }))
    };
    let most = |api: &Api| api.get("/api/models").json()["data"]["maxPriority"].clone();
    let refused = order(&user, 3);
    is_refused(&refused, 400, "invalid_request", &["/priority"]);
    assert!(refused.text().contains("at most 2"), "{}", refused.text());
    assert_eq!((order(&user, 2).status, most(&user)), (201, json!(2)));
    let claims = json!({ "sub": user.user, "exp": FAR_FUTURE, "maxPriority": 7 });
    let trusted = user.with_token(Some(token::signed(&claims, JWT_SECRET)));
    assert_eq!((order(&trusted, 7).status, most(&trusted)), (201, json!(7)));
    is_refused(&order(&trusted, 8), 400, "invalid_request", &["/priority"]);
    for key in [SERVICE_KEY, ADMIN_KEY] {
        let key = user.with_token(Some(key.to_owned()));
        let answer = key.create(&json!({
            "prompt": unique("by a key"), "priority": 10, "userId": user.user,
        }));
        assert_eq!((answer.status, most(&key)), (201, json!(10)));
    }
    let claims = json!({ "sub": user.user, "exp": FAR_FUTURE, "maxPriority": "all" });
    let wrong = user.with_token(Some(token::signed(&claims, JWT_SECRET)));
    is_refused(&order(&wrong, 0), 401, "unauthorized", &[]);
}

impl Api {
    #[track_caller]
    fn send_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, |request| request.json(body))
    }
}

/// A caller with the admin key.
fn operator(world: &World) -> Api {
    world.user().with_token(Some(ADMIN_KEY.to_owned()))
}

fn status(api: &Api) -> Value {
    api.get("/api/queue/status").json()["status"].clone()
}

/// The limit of this name in an answer.
fn named(answer: &Answer, name: &str) -> Value {
    let answer = answer.json();
    let mut limits = answer["settings"].as_array().into_iter().flatten();
    limits
        .find(|limit| limit["name"] == name)
        .expect("the limit is listed")
        .clone()
}

/// Orders this many generations, some at the same time.
fn orders(user: &Api, jobs: usize) -> Vec<String> {
    const AT_ONCE: usize = 10;
    thread::scope(|scope| {
        let senders: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(move || -> Vec<String> {
                    (0..jobs / AT_ONCE)
                        .map(|_| user.generate(&unique("one of many")))
                        .collect()
                })
            })
            .collect();
        senders
            .into_iter()
            .flat_map(|sender| sender.join().expect("a sender"))
            .collect()
    })
}

#[track_caller]
fn is_refused(answer: &Answer, status: u16, code: &str, pointers: &[&str]) {
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (status, &json!(code)),
        "{}",
        answer.text()
    );
    let named: Vec<Value> = answer.json()["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| error["pointer"].clone())
        .collect();
    assert_eq!(named, pointers, "{}", answer.text());
}

/// Waits for an audit line of the operator whose outcome contains this text.
#[track_caller]
fn audited(world: &World, action: &str, outcome: &str) {
    let message = format!("[AUDIT] {action}");
    until("the line is written", PATIENCE, || {
        let lines = world.worker.lines();
        let mut own = lines
            .iter()
            .filter(|line| line["message"] == message.as_str());
        own.any(|line| {
            line["operator"] == "ADMIN_KEY"
                && line["outcome"]
                    .as_str()
                    .is_some_and(|text| text.contains(outcome))
        })
        .then_some(())
    });
}
