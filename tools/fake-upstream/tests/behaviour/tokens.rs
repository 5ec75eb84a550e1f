//! Google's token endpoint, and access control.

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::http::Request;
use crate::process::Process;
use crate::wires::{VEO, place, unix_seconds};

#[test]
fn an_assertion_of_the_service_account_is_worth_a_token() {
    let fake = Fake::start();
    let account = fake.control("service-account");
    assert_eq!(
        account["client_email"],
        "reelay@reelay-local.iam.gserviceaccount.com"
    );
    assert_eq!(account["token_uri"], fake.url("/token"));
    let answer = fake.exchange(&fake.assertion(&fake.claims())).json();
    assert_eq!(
        (&answer["expires_in"], &answer["token_type"]),
        (&json!(3600), &json!("Bearer"))
    );
    assert_eq!(
        fake.veo(&fake.token(), "a dog", &json!({}))
            .split('/')
            .count(),
        10
    );
}

#[test]
fn an_assertion_that_is_wrong_in_any_part_is_refused_in_googles_words() {
    let fake = Fake::start();
    let now = unix_seconds();
    let with = |name: &str, value: Value| {
        let mut claims = fake.claims();
        claims[name] = value;
        fake.exchange(&fake.assertion(&claims))
    };
    for (answer, words) in [
        (
            with(
                "iss",
                json!("somebody@reelay-local.iam.gserviceaccount.com"),
            ),
            "account not found",
        ),
        (
            with("aud", json!("https://example.com/token")),
            "Failed audience check",
        ),
        (
            with("exp", json!(now + 3700)),
            "short-lived token (60 minutes)",
        ),
        (
            with("exp", json!(now - 120)),
            "short-lived token (60 minutes)",
        ),
        (
            with("iat", json!(now + 600)),
            "short-lived token (60 minutes)",
        ),
        (
            with("scope", json!("https://www.googleapis.com/auth/drive")),
            "Invalid OAuth scope",
        ),
        (
            fake.exchange(&format!("{}x", fake.assertion(&fake.claims()))),
            "Bad Request",
        ),
        (fake.exchange("a.b.c"), "Bad Request"),
    ] {
        assert_eq!(answer.status, 400, "{words}");
        let said = answer.json()["error_description"].clone();
        assert!(
            said.as_str().expect("a description").contains(words),
            "{said} instead of {words}"
        );
    }
    let (one, other) = (
        fake.assertion(&fake.claims()),
        fake.assertion(&json!({ "iss": "nobody" })),
    );
    let (signed, _) = one.rsplit_once('.').expect("a JWT");
    let (_, signature) = other.rsplit_once('.').expect("a JWT");
    let forged = fake.exchange(&format!("{signed}.{signature}")).json();
    assert_eq!(
        forged,
        json!({ "error": "invalid_grant", "error_description": "Invalid JWT Signature." })
    );
}

#[test]
fn only_a_live_token_of_the_project_reaches_a_model_of_a_region() {
    let fake = Fake::start();
    let token = fake.token();
    let body = json!({ "instances": [{ "prompt": "a dog" }] }).to_string();
    let call = |token: &str, project: &str, location: &str, model: &str| {
        let path = format!(
            "/v1beta1/{}/{model}:predictLongRunning",
            place(project, location)
        );
        let answer = fake.with_token(
            token,
            "POST",
            &path,
            &body,
            std::time::Duration::from_secs(5),
        );
        let answer = answer.expect("an answer");
        let error = answer.json()["error"].clone();
        (
            answer.status,
            error["status"].clone(),
            error["details"][0]["reason"].clone(),
        )
    };
    assert_eq!(
        call("nonsense", "reelay-local", "us-central1", VEO),
        (
            401,
            json!("UNAUTHENTICATED"),
            json!("ACCESS_TOKEN_TYPE_UNSUPPORTED")
        )
    );
    assert_eq!(
        call(&token, "another", "us-central1", VEO),
        (
            403,
            json!("PERMISSION_DENIED"),
            json!("IAM_PERMISSION_DENIED")
        )
    );
    assert_eq!(call(&token, "reelay-local", "atlantis", VEO).0, 404);
    assert_eq!(
        call(
            &token,
            "reelay-local",
            "us-central1",
            "veo-3.0-generate-001"
        )
        .0,
        404
    );
    assert_eq!(fake.paid(), 0);
    assert_eq!(call(&token, "reelay-local", "europe-west4", VEO).0, 200);
}

#[test]
fn a_list_of_models_shows_whether_a_key_or_a_token_is_good() {
    let fake = Fake::start();
    let patience = std::time::Duration::from_secs(5);
    let with_key = |version: &str, key: &str| {
        let request = Request {
            method: "GET",
            url: &fake.url(&format!("/{version}/models?pageSize=1")),
            headers: &[("x-goog-api-key", key)],
            body: "",
            patience,
        };
        request.send().expect("an answer")
    };
    for version in ["v1", "v1beta"] {
        let answer = with_key(version, "a-key");
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(
            answer.json()["models"][0]["name"].is_string(),
            "{}",
            answer.text()
        );
        let refused = with_key(version, "bad-key");
        let reason = refused.json()["error"]["details"][0]["reason"].clone();
        assert_eq!((refused.status, reason), (400, json!("API_KEY_INVALID")));
    }
    let token = fake.token();
    let with_token = |token: &str, project: &str| {
        let path = format!("/v1beta1/projects/{project}/locations/us-central1/models?pageSize=1");
        let answer = fake.with_token(token, "GET", &path, "", patience);
        let answer = answer.expect("an answer");
        (answer.status, answer.json()["error"]["status"].clone())
    };
    assert_eq!(with_token(&token, "reelay-local"), (200, Value::Null));
    assert_eq!(
        with_token("nonsense", "reelay-local"),
        (401, json!("UNAUTHENTICATED"))
    );
    assert_eq!(
        with_token(&token, "another"),
        (403, json!("PERMISSION_DENIED"))
    );
    assert_eq!(fake.recorded("models").len(), 7);
}

#[test]
fn another_project_can_be_named_at_start() {
    let fake = Fake(Process::start(&["--project", "another"]));
    let path = format!(
        "/v1/{}/{VEO}:predictLongRunning",
        place("another", "us-central1")
    );
    let body = json!({ "instances": [{ "prompt": "a dog" }] }).to_string();
    let answer = fake.with_token(
        &fake.token(),
        "POST",
        &path,
        &body,
        std::time::Duration::from_secs(5),
    );
    assert_eq!(answer.expect("an answer").status, 200);
}

#[test]
fn tokens_end_when_told_to_or_in_their_time_and_hold_over_a_reset() {
    let fake = Fake::start();
    let token = fake.token();
    fake.tell("reset", &json!({}));
    let name = fake.veo(&token, "a dog", &json!({}));
    fake.tell("tokens/expire", &json!({}));
    let refused = fake.fetch(&token, &name).expect("an answer");
    assert_eq!(
        (refused.status, refused.json()["error"]["status"].clone()),
        (401, json!("UNAUTHENTICATED"))
    );
    assert_eq!(
        refused.json()["error"]["details"][0]["reason"],
        "ACCESS_TOKEN_EXPIRED"
    );
    assert_eq!(
        fake.fetch(&fake.token(), &name).expect("an answer").status,
        200
    );
    let short = Fake(Process::start(&["--token-seconds", "0"]));
    assert_eq!(
        short
            .call_veo(&short.token(), "predictLongRunning", &json!({}))
            .expect("an answer")
            .status,
        401
    );
}

#[test]
fn a_token_of_an_earlier_run_still_holds() {
    let (earlier, fake) = (Fake::start(), Fake::start());
    fake.veo(&earlier.token(), "a dog", &json!({}));
}

#[test]
fn a_token_is_asked_for_and_used_without_being_recorded() {
    let fake = Fake::start();
    let assertion = fake.assertion(&fake.claims());
    let token = fake.exchange(&assertion).json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let name = fake.veo(&token, "a dog", &json!({}));
    fake.tell("tokens/expire", &json!({}));
    fake.fetch(&token, &name).expect("an answer");
    fake.fetch("nonsense", &name).expect("an answer");
    let requests = fake.control("requests");
    let seen: Vec<(&Value, &Value, &Value)> = requests
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            (
                &entry["step"],
                &entry["authorization"],
                &entry["headers"]["authorization"],
            )
        })
        .collect();
    let words = [
        "token",
        "submit",
        "poll",
        "absent",
        "equal",
        "expired",
        "different",
    ]
    .map(|word| json!(word));
    let [token_step, submit, poll, absent, equal, expired, different] = &words;
    let shown = ["<equal>", "<expired>", "<different>"].map(|word| json!(word));
    assert_eq!(
        seen,
        [
            (token_step, absent, &Value::Null),
            (submit, equal, &shown[0]),
            (poll, expired, &shown[1]),
            (poll, different, &shown[2]),
        ]
    );
    let text = requests.to_string();
    assert!(
        !text.contains(&token) && !text.contains(&assertion),
        "{text}"
    );
    assert!(text.contains("assertion=<present>"), "{text}");
}
