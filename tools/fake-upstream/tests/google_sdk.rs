//! Google's own SDK runs unchanged against the fake, on every wire.
//!
//! The first run installs the SDKs from the Python package index into the build folder, unless
//! `FAKE_UPSTREAM_PYTHON` and `FAKE_UPSTREAM_PYTHON_3` name interpreters that have the older and
//! the newer one.

#[path = "behaviour/process.rs"]
#[allow(dead_code, reason = "the other test binary uses more of it")]
mod process;
#[path = "behaviour/sdk.rs"]
mod sdk;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use process::Process;
use sdk::{NEWER, OLDER, Sdk, run, text};

/// A wire and the script that drives it.
struct Wire {
    sdk: &'static Sdk,
    name: &'static str,
    script: &'static str,
    checks: usize,
}

const GEMINI: Wire = Wire {
    sdk: &OLDER,
    name: "gemini",
    script: "sdk_check.py",
    checks: 5,
};
const VERTEX: Wire = Wire {
    sdk: &NEWER,
    name: "vertex",
    script: "sdk_vertex.py",
    checks: 7,
};
const OMNI: Wire = Wire {
    sdk: &NEWER,
    name: "omni",
    script: "sdk_omni.py",
    checks: 7,
};

#[test]
fn googles_sdk_renders_polls_and_downloads_unchanged_on_every_wire() {
    for wire in [GEMINI, VERTEX, OMNI] {
        let fake = Process::start(&["--render-ms", "300"]);
        let output = wire.check(&fake.origin);
        assert!(output.status.success(), "{}: {}", wire.name, text(&output));
        assert_eq!(
            text(&output).matches("\nok ").count() + 1,
            wire.checks,
            "{}: {}",
            wire.name,
            text(&output)
        );
    }
}

#[test]
fn each_check_fails_where_it_should() {
    let cases = [
        (GEMINI, "[[result:empty]]", "in renders_and_downloads"),
        (
            GEMINI,
            "[[poll:done-false]]",
            "a running operation says done=False",
        ),
        (VERTEX, "[[result:empty]]", "in renders_into_the_answer"),
        (
            VERTEX,
            "[[poll:done-false]]",
            "a running operation says done=False",
        ),
        (VERTEX, "[[download:404]]", "in renders_into_cloud_storage"),
        (OMNI, "[[result:empty]]", "in renders_and_downloads"),
        (OMNI, "[[file:failed]]", "in renders_and_downloads"),
        (OMNI, "[[download:truncated]]", "in renders_and_downloads"),
    ];
    for (wire, marks, words) in cases {
        let fake = Process::start(&["--render-ms", "300"]);
        set_default_marks(wire.sdk, &fake.origin, marks);
        let output = wire.check(&fake.origin);
        assert!(
            !output.status.success(),
            "{} with {marks}: {}",
            wire.name,
            text(&output)
        );
        assert!(
            text(&output).contains(words),
            "{} with {marks}: {}",
            wire.name,
            text(&output)
        );
    }
}

#[test]
fn the_sdks_requests_are_all_accepted_and_each_can_be_found_by_its_prompt() {
    for wire in [GEMINI, VERTEX, OMNI] {
        let fake = Process::start(&["--render-ms", "0"]);
        let output = wire
            .sdk
            .run(&script("sdk_requests.py"), &[&fake.origin, wire.name]);
        assert!(output.status.success(), "{}: {}", wire.name, text(&output));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let cases: Vec<&str> = printed
            .lines()
            .filter(|line| line.starts_with("{\"case\": "))
            .collect();
        assert!(cases.len() >= 10, "{}: {printed}", wire.name);
        let listing = program(
            wire.sdk,
            "print(r.urlopen(sys.argv[1] + '/__control/requests').read().decode())",
            &[&fake.origin],
        );
        for case in cases {
            let prompt = case
                .split_once("\"prompt\": ")
                .expect("a prompt")
                .1
                .trim_end_matches('}');
            assert!(
                text(&listing).contains(&format!("\"prompt\":{prompt}")),
                "{}: {case}",
                wire.name
            );
        }
    }
}

impl Wire {
    fn check(&self, origin: &str) -> Output {
        self.sdk.run(&script(self.script), &[origin])
    }
}

/// A script next to this crate's manifest.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs a short Python program, which must succeed.
fn program(sdk: &Sdk, program: &str, arguments: &[&str]) -> Output {
    let program = format!("import json, sys, urllib.request as r\n{program}");
    run(Command::new(sdk.python())
        .args(["-c", &program])
        .args(arguments))
}

fn set_default_marks(sdk: &Sdk, origin: &str, marks: &str) {
    let words = "r.urlopen(r.Request(sys.argv[1] + '/__control/faults', json.dumps({'marks': sys.argv[2]}).encode(), \
                       {'content-type': 'application/json'}))";
    program(sdk, words, &[origin, marks]);
}
