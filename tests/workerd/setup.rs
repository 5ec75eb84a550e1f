//! The checklist of the setup and the page while settings are wrong, in a real browser on the real
//! worker. The scenarios are in `tests/browser`.

use crate::harness::browser::play_with;
use crate::harness::bucket;
use crate::harness::token::{self, JWT_SECRET};
use crate::harness::upstream::{API_KEY, WEBHOOK_SECRET};
use crate::harness::worker::{ADMIN_KEY, SERVICE_KEY};
use crate::harness::{Configuration, Setup, World, ready};
use serde_json::{Value, json};

/// A key that the video services refuse.
const BAD_KEY: &str = "a-key-that-nobody-knows";
/// A part of the query of the webhook's address, as Vercel's bypass has one.
const BYPASS: &str = "the-secret-bypass-of-the-app";
/// The binding of the bucket in `wrangler.toml`.
const BUCKET: &str = "binding = \"VIDEOS\"";

#[test]
fn each_line_of_the_checklist_turns_red_and_green() {
    let world = World::start(&[("ENVIRONMENT", "development")]);
    let origin = world.upstream.origin().to_owned();
    let nowhere = format!("http://127.0.0.1:{}", ready::free_port());
    let (hook, elsewhere) = (
        format!("{origin}/api/webhooks/worker?bypass={BYPASS}"),
        format!("{origin}/elsewhere"),
    );
    let stranger = stranger(&world);
    play_with(&world, "setup", &secrets(&world), |word| match word {
        "hide" => restart(&world, &[("WEBHOOK_URL", &hook)]),
        "refuse" => restart(
            &world,
            &[
                ("WEBHOOK_URL", ""),
                ("NEXTJS_URL", &elsewhere),
                ("VEO3_API_KEY", BAD_KEY),
                ("GEMINI_API_KEY", BAD_KEY),
                ("VERTEX_SERVICE_ACCOUNT", &stranger),
            ],
        ),
        "disconnect" => restart(
            &world,
            &[
                ("NEXTJS_URL", &nowhere),
                ("VEO3_API_URL", &elsewhere),
                ("GEMINI_API_URL", &nowhere),
                ("VERTEX_PROJECT", "somebody-elses"),
                ("VERTEX_SERVICE_ACCOUNT", &world.upstream.service_account()),
            ],
        ),
        "mend" => restart(
            &world,
            &[
                ("NEXTJS_URL", &origin),
                ("VEO3_API_URL", &origin),
                ("GEMINI_API_URL", &origin),
                ("VERTEX_PROJECT", ""),
                ("VEO3_API_KEY", API_KEY),
                ("GEMINI_API_KEY", API_KEY),
            ],
        ),
        "damage" => {
            world.worker.kill();
            bucket::damage(&world.worker);
            world.worker.restart();
        }
        "hold" => world.upstream.close("models"),
        "release" => world.upstream.open("models"),
        other => panic!("unknown request: {other}"),
    });
}

#[test]
fn a_deployed_worker_says_by_which_commands_it_is_set_up() {
    let unbound = [(BUCKET, "binding = \"OTHER\"")];
    let world = World::start_with(&Setup {
        variables: &[
            ("API_KEY", ""),
            ("ADMIN_KEY", ""),
            ("VEO3_API_KEY", BAD_KEY),
            ("GEMINI_API_KEY", BAD_KEY),
            ("VERTEX_PROJECT", "somebody-elses"),
        ],
        configuration: Configuration {
            replacements: &unbound,
            injector: false,
        },
        ..Setup::default()
    });
    let mut variables = secrets(&world);
    let claims = json!({ "sub": "olga", "role": "admin", "exp": 4_102_444_800_u64 });
    variables.push(("REELAY_OPERATOR", token::signed(&claims, JWT_SECRET)));
    play_with(&world, "setup_deployed", &variables, |word| {
        panic!("unknown request: {word}")
    });
}

#[test]
fn while_settings_are_wrong_the_page_lists_them_instead_of_a_sign_in() {
    let wrong = [
        ("JWT_SECRET", "wrong-value-1"),
        ("WEBHOOK_SECRET", "wrong-value-2"),
        ("API_KEY", "wrong-value-3"),
        ("ADMIN_KEY", "wrong-value-4"),
        ("NEXTJS_URL", "wrong-value-5"),
        ("POLL_INTERVAL_MS", "wrong-value-6"),
    ];
    let world = World::start(&wrong);
    let origin = world.upstream.origin().to_owned();
    let halfway = [
        ("JWT_SECRET", ""),
        ("WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("API_KEY", SERVICE_KEY),
        ("ADMIN_KEY", ADMIN_KEY),
        ("NEXTJS_URL", origin.as_str()),
        ("POLL_INTERVAL_MS", "200"),
    ];
    let mut variables = secrets(&world);
    let shown = serde_json::to_string(&wrong.map(|(_, value)| value)).expect("JSON");
    variables.push(("REELAY_WRONG", shown));
    play_with(&world, "misconfigured", &variables, |word| match word {
        "mend-most" => restart(&world, &halfway),
        "mend" => restart(&world, &[("JWT_SECRET", JWT_SECRET)]),
        "break" => restart(
            &world,
            &[
                ("ENVIRONMENT", "development"),
                ("JWT_SECRET", "wrong-value-1"),
            ],
        ),
        other => panic!("unknown request: {other}"),
    });
}

fn restart(world: &World, changed: &[(&str, &str)]) {
    world.worker.kill();
    world.worker.restart_with(changed);
}

/// The key of a service account that the upstream does not know.
fn stranger(world: &World) -> String {
    let mut account: Value = serde_json::from_str(&world.upstream.service_account()).expect("JSON");
    account["client_email"] = json!("stranger@reelay-local.iam.gserviceaccount.com");
    account.to_string()
}

/// The texts that no page and no answer may contain, for the scenario.
fn secrets(world: &World) -> Vec<(&'static str, String)> {
    let account: Value = serde_json::from_str(&world.upstream.service_account()).expect("JSON");
    let key = account["private_key"].as_str().expect("a key");
    let line = key.lines().nth(1).expect("its first line");
    let all = [
        JWT_SECRET,
        WEBHOOK_SECRET,
        SERVICE_KEY,
        ADMIN_KEY,
        API_KEY,
        BAD_KEY,
        BYPASS,
        line,
    ];
    vec![("REELAY_SECRETS", serde_json::to_string(&all).expect("JSON"))]
}
