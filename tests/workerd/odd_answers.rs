//! Answers of real services and gateways that are not Google's own. Whatever their form, a refusal
//! costs nothing, an acceptance is followed to its video, and a finished operation ends its job
//! at once.
//!
//! The jobs of a test run concurrently; the mark in the prompt carries the whole answer.

use crate::harness::upstream::SAMPLE;
use crate::harness::{Api, Setup, Wire, World, on_each_wire, shared, unique, until};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
const UNAVAILABLE: &str = "provider_unavailable";
const USED_UP: &str = "provider_quota_exhausted";
const INVALID: &str = "invalid_request";
const REJECTED: &str = "provider_rejected_content";

on_each_wire! {
    a_refusal_of_any_shape_ends_the_order_with_its_words_and_costs_nothing_i4,
    a_success_that_names_the_render_is_an_acceptance_whatever_else_it_says_i4,
    an_error_in_a_success_is_unknown_unless_its_code_says_more_i4,
    an_operation_that_ended_with_any_error_ends_its_job_at_once_and_costs_nothing,
    the_filters_words_are_found_wherever_they_stand,
    a_video_is_stored_from_the_place_of_any_wire_i8,
    polls_that_say_that_the_render_is_gone_do_not_fail_it,
    the_log_names_status_and_code_of_every_call_that_failed_and_no_prompt_i12,
}

/// Refusals: the status, the body, the error code, and the part of the text that is passed on.
const REFUSALS: [(u16, &str, &str, &str); 22] = [
    (
        401,
        r#"{"error":{"message":"bad key","type":"auth_error","param":"key","code":"401"}}"#,
        UNAVAILABLE,
        "bad key",
    ),
    (
        401,
        r#"{"detail":"Invalid token"}"#,
        UNAVAILABLE,
        "Invalid token",
    ),
    (
        403,
        r#"{"code":"insufficient_user_quota","message":"用户额度不足"}"#,
        USED_UP,
        "用户额度不足",
    ),
    (
        402,
        r#"{"error":"Out of credits"}"#,
        USED_UP,
        "Out of credits",
    ),
    (
        400,
        r#"{"error":{"type":"budget_exceeded","message":"Budget has been exceeded!","code":"400"}}"#,
        USED_UP,
        "Budget",
    ),
    (
        400,
        r#"{"error":{"code":400,"message":"Bad seed","status":"INVALID_ARGUMENT","details":null}}"#,
        INVALID,
        "Bad seed.",
    ),
    (
        400,
        r#"[{"error":{"code":400,"message":"Bad seed","details":[null]}}]"#,
        INVALID,
        "Bad seed.",
    ),
    (400, "", INVALID, "HTTP 400"),
    (
        422,
        r#"{"detail":[{"loc":["body","seed"],"msg":"too large","type":"x"}]}"#,
        INVALID,
        "body.seed: too large.",
    ),
    (
        401,
        "<html><head><title>401 Authorization &amp; Co</title></head></html>",
        UNAVAILABLE,
        "Authorization & Co",
    ),
    (
        403,
        "<!DOCTYPE html><title>\nAttention Required!\n</title>",
        UNAVAILABLE,
        "Attention Required!",
    ),
    (404, "404 page not found\n", UNAVAILABLE, "page not found"),
    (
        405,
        r#"{"title":"Not allowed","status":405}"#,
        UNAVAILABLE,
        "Not allowed",
    ),
    (413, r#"{"msg":"too large"}"#, INVALID, "too large"),
    (415, "{}", UNAVAILABLE, "HTTP 415"),
    (
        410,
        r#"{"errors":[{"message":"The model is gone"}]}"#,
        "model_retired",
        "The model is gone",
    ),
    (
        451,
        r#"{"message":"Not in your country"}"#,
        UNAVAILABLE,
        "Not in your country",
    ),
    (
        401,
        r#"{"error":{"message":"bad {cut}"#,
        UNAVAILABLE,
        "refused",
    ),
    (422, "{cut}", INVALID, "HTTP 422"),
    (
        403,
        r#"{"error":{"code":403,"message":"Access to this model is prohibited."}}"#,
        UNAVAILABLE,
        "prohibited",
    ),
    (302, "<title>Sign in</title>", UNAVAILABLE, "redirects"),
    (308, "", UNAVAILABLE, "redirects"),
];

fn a_refusal_of_any_shape_ends_the_order_with_its_words_and_costs_nothing_i4(wire: Wire) {
    let (world, user) = (shared(), shared().user().over(wire));
    let started = REFUSALS.map(|case| (case, ordered(&user, &raw("submit:raw", case.0, case.1))));
    for ((status, body, code, words), (id, prompt)) in started {
        let generation = user.fails_with(&id, code);
        let sentence = generation["error"].as_str().unwrap_or_default();
        assert!(
            sentence.contains(words) && sentence.ends_with(['.', '!']),
            "{status} {body}: {sentence}"
        );
        assert_eq!(generation.get("cost"), None, "{generation:#}");
        // The token may have expired, so the worker gets a new one and retries once.
        let submits = if wire == Wire::Vertex && status == 401 {
            2
        } else {
            1
        };
        assert_eq!(
            world.upstream.requests("submit", &prompt).len(),
            submits,
            "{status} {body}"
        );
    }
}

fn a_success_that_names_the_render_is_an_acceptance_whatever_else_it_says_i4(wire: Wire) {
    let name = if wire == Wire::Omni { "id" } else { "name" };
    let rests = [
        (202, ""),
        (201, r#","done":false"#),
        (200, r#","done":null"#),
        (
            200,
            r#","error":null,"response":null,"metadata":null,"status":null"#,
        ),
        (203, r#","extra":{"code":429}"#),
    ];
    let (world, user) = (shared(), shared().user().over(wire));
    let started = rests.map(|(status, rest)| {
        let body = format!(r#"{{"{name}":"{{name}}"{rest}}}"#);
        ordered(&user, &raw("submit:raw-after", status, &body))
    });
    for (id, prompt) in started {
        user.ends_as(&id, "completed");
        assert_eq!(
            (
                world.upstream.requests("submit", &prompt).len(),
                world.upstream.paid(&prompt).len()
            ),
            (1, 1)
        );
    }
}

fn an_error_in_a_success_is_unknown_unless_its_code_says_more_i4(wire: Wire) {
    let cases = [
        (r#"{"error":{"code":401,"message":"bad key"}}"#, UNAVAILABLE),
        (
            r#"[{"error":{"code":"400","message":"Bad seed"}}]"#,
            INVALID,
        ),
        (
            r#"{"error":{"code":"INVALID_ARGUMENT","message":"Bad seed"}}"#,
            INVALID,
        ),
        (
            r#"{"error":{"code":500,"message":"Internal error"}}"#,
            "submit_outcome_unknown",
        ),
        (
            r#"{"error":{"message":"Internal error"}}"#,
            "submit_outcome_unknown",
        ),
        (r#"{"error":"busy"}"#, "submit_outcome_unknown"),
    ];
    let (world, user) = (shared(), shared().user().over(wire));
    let started = cases.map(|case| (case, ordered(&user, &raw("submit:raw", 200, case.0))));
    for ((_, code), (id, prompt)) in started {
        user.fails_with(&id, code);
        assert_eq!(world.upstream.requests("submit", &prompt).len(), 1);
    }
}

fn an_operation_that_ended_with_any_error_ends_its_job_at_once_and_costs_nothing(wire: Wire) {
    let cases = [
        (
            r#"{"message":"Internal error"}"#,
            UNAVAILABLE,
            "Internal error.",
        ),
        (
            r#"{"code":"INTERNAL","message":"Internal error"}"#,
            UNAVAILABLE,
            "Internal error.",
        ),
        (
            r#"{"code":13,"message":"Internal error","details":null}"#,
            UNAVAILABLE,
            "Internal error.",
        ),
        (r#""Internal error""#, UNAVAILABLE, "Internal error."),
        (
            r#"[{"code":"13","message":"Internal error"}]"#,
            UNAVAILABLE,
            "Internal error.",
        ),
        (
            r#"{"code":"RESOURCE_EXHAUSTED","message":"No more"}"#,
            USED_UP,
            "No more.",
        ),
        (
            r#"{"status":"INVALID_ARGUMENT","message":"Too long"}"#,
            INVALID,
            "Too long.",
        ),
        (
            r#"{"code":"content_blocked","message":"Against our rules"}"#,
            REJECTED,
            "Against our rules.",
        ),
    ];
    let user = shared().user().over(wire);
    let started = cases.map(|case| {
        let body = match wire {
            Wire::Omni => format!(
                r#"{{"id":"{{name}}","status":"failed","error":{}}}"#,
                case.0
            ),
            Wire::Gemini | Wire::Vertex => {
                format!(r#"{{"name":"{{name}}","done":true,"error":{}}}"#, case.0)
            }
        };
        (case, ordered(&user, &raw("result:raw", 200, &body)))
    });
    for ((error, code, words), (id, _)) in started {
        let generation = user.fails_with(&id, code);
        assert!(
            generation["error"]
                .as_str()
                .is_some_and(|sentence| sentence.ends_with(words)),
            "{error}: {generation:#}"
        );
        assert_eq!(generation.get("cost"), None, "{generation:#}");
        assert!(
            !user.steps(&id).iter().any(|step| step == "poll_failed"),
            "{error}"
        );
    }
}

fn the_filters_words_are_found_wherever_they_stand(wire: Wire) {
    let reasons = r#""raiMediaFilteredCount":1,"raiMediaFilteredReasons":["No boats here. Support codes: 61493863"]"#;
    let bodies = match wire {
        Wire::Omni => vec![
            said(r#"{"type":"text","text":"No boats here. Support codes: 61493863"}"#),
            said(
                r#"{"type":"thought","signature":"x"},{"type":"text","text":"No boats here. Support codes: 61493863"}"#,
            ),
            said(r#"{"type":"text","text":"No boats here."},{"type":"text","text":"Support codes: 61493863"}"#)
                .replace("completed", "idle"),
            format!(r#"{{"status":"completed","response":{{{reasons}}}}}"#),
        ],
        Wire::Gemini | Wire::Vertex => vec![
            format!(r#"{{"done":true,"response":{{{reasons}}}}}"#),
            format!(r#"{{"done":true,"response":{{"generateVideoResponse":{{{reasons},"generatedSamples":[]}}}}}}"#),
            format!(r#"{{"done":true,"response":{{"videos":[]}},"metadata":{{{reasons}}}}}"#),
            format!(r#"{{"done":true,"response":{{"generatedVideos":null,"result":{{{reasons}}}}}}}"#),
        ],
    };
    let user = shared().user().over(wire);
    let started: Vec<_> = bodies
        .iter()
        .map(|body| (body, ordered(&user, &raw("result:raw", 200, body))))
        .collect();
    for (body, (id, _)) in started {
        let generation = user.fails_with(&id, REJECTED);
        let sentence = "No boats here. Support codes: 61493863. The filter found: violence.";
        assert_eq!(generation["error"], sentence, "{body}");
    }
}

fn a_video_is_stored_from_the_place_of_any_wire_i8(wire: Wire) {
    let places = [
        r#""videos":[{"uri":"{uri}"}]"#,
        r#""videos":[{"gcsUri":"{uri}","mimeType":"video/mp4"}]"#,
        r#""generatedVideos":[{"video":{"uri":"{uri}","videoBytes":""}}]"#,
        r#""generatedSamples":[{"video":{"uri":"{uri}","encodedVideo":null}}]"#,
        r#""generateVideoResponse":{"generatedSamples":[{"video":{"uri":"{uri}"}}]}"#,
        r#""video":{"url":"{uri}"}"#,
        r#""videos":[{"bytesBase64Encoded":"{film}","mimeType":"video/mp4"}]"#,
        r#""generateVideoResponse":{"generatedSamples":[{"video":{"encodedVideo":"{film}"}}]}"#,
        r#""generatedVideos":[{"video":{"videoBytes":"{film}"}}]"#,
    ];
    let (world, user) = (shared(), shared().user().over(wire));
    let started = places.map(|place| {
        let body = match wire {
            Wire::Omni => format!(r#"{{"status":"completed","response":{{{place}}}}}"#),
            Wire::Gemini | Wire::Vertex => {
                format!(r#"{{"name":"{{name}}","done":true,"response":{{{place}}}}}"#)
            }
        };
        (place, ordered(&user, &raw("result:raw", 200, &body)))
    });
    for (place, (id, prompt)) in started {
        user.ends_as(&id, "completed");
        assert!(
            user.get(&format!("/api/generations/{id}/video")).body == SAMPLE,
            "{place}"
        );
        assert_eq!(world.upstream.paid(&prompt).len(), 1, "{place}");
    }
}

/// Omni's answers have no `done`, so this concerns the two others.
#[test]
fn a_finished_operation_of_any_shape_is_stored_i8() {
    let bodies = [
        r#"{"done":true,"videos":[{"uri":"{uri}"}]}"#,
        r#"{"done":1,"response":{"video":{"uri":"{uri}"}}}"#,
        r#"{"done":"true","output":[{"video_url":"{uri}"}]}"#,
        r#"{"name":"{name}","response":{"videos":[{"uri":"{uri}"}]}}"#,
        r#"[{"done":true,"response":{"videos":[{"bytesBase64Encoded":"{film}"}]}}]"#,
        r#"{"response":{"videos":[{"bytesBase64Encoded":"data:video/mp4;base64,{film}"}]}}"#,
        r#"{"done":true,"videos":[{"bytesBase64Encoded":"{film}","gcsUri":"gs://elsewhere/v.mp4"}]}"#,
    ];
    let world = shared();
    for wire in [Wire::Gemini, Wire::Vertex] {
        let user = world.user().over(wire);
        let started = bodies.map(|body| (body, ordered(&user, &raw("result:raw", 200, body))));
        for (body, (id, prompt)) in started {
            user.ends_as(&id, "completed");
            assert!(
                user.get(&format!("/api/generations/{id}/video")).body == SAMPLE,
                "{wire:?} {body}"
            );
            assert_eq!(world.upstream.paid(&prompt).len(), 1, "{wire:?} {body}");
        }
    }
}

/// The model is idle before its work and after it.
#[test]
fn an_idle_interaction_of_omni_is_read_by_what_it_holds() {
    let input = r#"{"type":"user_input","content":[{"type":"text","text":"a boat"}]}"#;
    let without_output = [
        r#"{"status":"idle"}"#.to_owned(),
        r#"{"id":"{name}","status":"idle","steps":[]}"#.to_owned(),
        format!(r#"{{"status":"idle","steps":[{input}]}}"#),
    ];
    let with_a_video = [
        said(r#"{"type":"video","uri":"{uri}"}"#),
        said(
            r#"{"type":"text","text":"Here it is."},{"type":"video","mime_type":"video/mp4","data":"{film}"}"#,
        ),
        r#"{"status":"idle","outputs":[{"type":"video","uri":"{uri}"}]}"#.to_owned(),
    ];
    let with_an_error = [
        r#"{"status":"idle","errors":[{"code":"internal","message":"It broke."}]}"#,
        r#"{"status":"idle","error":{"message":"It broke."}}"#,
    ];
    let (world, user) = (shared(), shared().user().over(Wire::Omni));
    let polled =
        without_output.map(|body| ordered(&user, &format!("{}*2", raw("poll:raw", 200, &body))));
    let stored = with_a_video.map(|body| {
        ordered(
            &user,
            &raw("result:raw", 200, &body.replace("completed", "idle")),
        )
    });
    let broken = with_an_error.map(|body| ordered(&user, &raw("result:raw", 200, body)));
    for (id, prompt) in polled.into_iter().chain(stored) {
        user.ends_as(&id, "completed");
        assert!(
            user.get(&format!("/api/generations/{id}/video")).body == SAMPLE,
            "{prompt}"
        );
        assert_eq!(world.upstream.paid(&prompt).len(), 1, "{prompt}");
    }
    for (id, prompt) in broken {
        let failed = user.ends_as(&id, "failed");
        assert!(
            failed["error"]
                .as_str()
                .unwrap_or_default()
                .contains("It broke"),
            "{prompt}: {failed}"
        );
    }
}

fn polls_that_say_that_the_render_is_gone_do_not_fail_it(wire: Wire) {
    let gone = [
        (
            404,
            r#"{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}"#,
        ),
        (410, ""),
        (404, "<title>Not Found</title>"),
        (403, r#"{"detail":"No."}"#),
        (200, r#"{"error":{"code":404,"message":"Gone"}}"#),
    ];
    let user = shared().user().over(wire);
    let started =
        gone.map(|(status, body)| ordered(&user, &format!("{}*2", raw("poll:raw", status, body))));
    for (id, _) in started {
        user.ends_as(&id, "completed");
    }
}

fn the_log_names_status_and_code_of_every_call_that_failed_and_no_prompt_i12(wire: Wire) {
    const SECRET: &str = "a wish that nobody else should ever read";
    let (world, user) = (shared(), shared().user().over(wire));
    let error =
        |code: &str| format!(r#"{{"error":{{"code":{code},"message":"No: {SECRET}, please."}}}}"#);
    let marked = |mark: String| user.generate(&format!("{} {SECRET} [[{mark}]]", unique("odd")));
    let polled = format!("{}*1", raw("poll:raw", 500, &error(r#""INTERNAL""#)));
    for (mark, message, status, code) in [
        (
            raw("submit:raw", 403, &error(r#""PERMISSION_DENIED""#)),
            "[UPSTREAM] Submit refused",
            403,
            "PERMISSION_DENIED",
        ),
        (
            raw("submit:raw", 400, &error("3")),
            "[UPSTREAM] Submit refused",
            400,
            "3",
        ),
        (
            raw("submit:raw", 504, &error(r#""gateway_timeout""#)),
            "[UPSTREAM] Answer not understood",
            504,
            "gateway_timeout",
        ),
        (polled, "[UPSTREAM] Poll failed", 500, "INTERNAL"),
    ] {
        let id = marked(mark);
        let line = until("the call is logged", PATIENCE, || {
            let is_it = |line: &Value| line["generationId"] == id && line["message"] == message;
            world.worker.lines().into_iter().find(is_it)
        });
        assert_eq!(
            (&line["upstreamStatus"], &line["upstreamCode"]),
            (&status.into(), &code.into()),
            "{line:#}"
        );
        until("the job is done", PATIENCE, || {
            (user.generation(&id)["phase"] == "done").then_some(())
        });
        let generation = user.generation(&id);
        let error = generation["error"].as_str().unwrap_or_default();
        assert!(!error.contains("nobody else"), "{error}");
        assert!(
            !user.timeline(&id).to_string().contains("nobody else"),
            "{:#}",
            user.timeline(&id)
        );
    }
    assert!(
        !world.worker.log().contains("nobody else"),
        "the log holds a prompt"
    );
}

#[test]
fn what_asks_to_wait_is_waited_for_however_it_is_said() {
    let world = World::start_beside(&Setup {
        variables: &[("MAX_CONCURRENT_JOBS", "100")],
        ..Setup::default()
    });
    let cases = [
        (
            503,
            r#"{"error":{"code":503,"details":[{"@type":"x","retryDelay":"4s"}]}}"#,
            None,
        ),
        (
            429,
            r#"[{"error":{"code":429,"details":[{"retryDelay":{"seconds":"3","nanos":990000000}}]}}]"#,
            None,
        ),
        (429, "<html>", Some("4")),
        (529, "", Some("4")),
        (503, "<html>{cut}", Some("4")),
        (521, "", Some("4")),
        (
            429,
            r#"{"error":{"message":"Slow down. Please try again in 4s.","type":"rate_limit_error"}}"#,
            None,
        ),
        (
            200,
            r#"{"error":{"code":429,"message":"Please retry in 3990ms"}}"#,
            None,
        ),
    ];
    std::thread::scope(|scope| {
        for wire in Wire::ALL {
            let (world, cases) = (&world, &cases);
            // One after another: an accepted order ends the backoff for all of its wire.
            scope.spawn(move || {
                for (status, body, retry_after) in cases {
                    let header = retry_after
                        .map(|value| format!(",{}", base64(value)))
                        .unwrap_or_default();
                    let user = world.user().over(wire);
                    let (_, prompt) = ordered(
                        &user,
                        &format!("{}{header}*1", raw("submit:raw", *status, body)),
                    );
                    let came = world.upstream.wait("submit", &prompt, 2);
                    let at: Vec<u64> = came
                        .iter()
                        .filter_map(|request| request["atMs"].as_u64())
                        .collect();
                    let after = at[1] - at[0];
                    assert!(
                        after >= 3_900,
                        "{wire:?} {prompt}: the submit was repeated after {after} ms"
                    );
                }
            });
        }
    });
}

#[test]
fn a_refused_order_leaves_the_days_budget_as_it_was_and_a_filtered_one_asks_for_another_prompt() {
    let variables = [
        ("MAX_COST_PER_USER_PER_DAY", "3.20"),
        ("ENABLE_CLARIFICATIONS", "true"),
    ];
    let world = World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    });
    let user = world.user().over(Wire::Gemini);
    for (step, status, body) in [
        (
            "submit:raw",
            401,
            r#"{"error":{"message":"bad key","type":"auth_error","code":"401"}}"#,
        ),
        ("submit:raw", 403, "<html>"),
        ("submit:raw", 400, r#"{"detail":"No."}"#),
        (
            "result:raw",
            200,
            r#"{"done":true,"error":{"message":"Internal error"}}"#,
        ),
    ] {
        let (id, _) = ordered(&user, &raw(step, status, body));
        user.ends_as(&id, "failed");
        world.all_slots_are_free();
    }
    let flat = r#"{"done":true,"response":{"raiMediaFilteredReasons":["No boats."]}}"#;
    let (id, _) = ordered(&user, &raw("result:raw", 200, flat));
    let asked = until("the job asks for another prompt", PATIENCE, || {
        Some(user.generation(&id))
            .filter(|generation| generation["status"] == "pending_clarification")
    });
    assert_eq!(asked["error"], "No boats.", "{asked:#}");
    let other = serde_json::json!({ "prompt": unique("another prompt") });
    let answer = user.send(
        "POST",
        &format!("/api/generations/{id}/clarify"),
        |request| request.json(&other),
    );
    assert!(answer.status < 300, "{}", answer.text());
    user.ends_as(&id, "completed");
}

/// Orders a video with this mark in its prompt; returns its id and the prompt.
#[track_caller]
fn ordered(user: &Api, mark: &str) -> (String, String) {
    let prompt = format!("{} [[{mark}]]", unique("odd"));
    (user.generate(&prompt), prompt)
}

/// The mark that carries a whole answer.
fn raw(step: &str, status: u16, body: &str) -> String {
    format!("{step}:{status},{}", base64(body))
}

fn base64(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// A completed interaction with this content.
fn said(contents: &str) -> String {
    let input = r#"{"type":"user_input","content":[{"type":"text","text":"a boat"}]}"#;
    format!(
        r#"{{"status":"completed","steps":[{input},{{"type":"model_output","content":[{contents}]}}]}}"#
    )
}
