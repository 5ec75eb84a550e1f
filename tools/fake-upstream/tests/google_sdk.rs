//! Google's own SDK runs unchanged against the fake.
//!
//! The first run installs the SDK from the Python package index into the build folder. `FAKE_UPSTREAM_PYTHON` names an
//! interpreter that has it.

#[path = "behaviour/process.rs"]
#[allow(dead_code, reason = "the other test binary uses more of it")]
mod process;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use process::Process;

/// The last minor version that speaks Veo over the Gemini API.
const SDK: &str = "google-genai==2.34.0";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sdk_check.py");

#[test]
fn googles_sdk_renders_polls_and_downloads_unchanged() {
    let fake = Process::start(&["--render-ms", "300"]);
    let output = check(&fake.origin);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(text(&output).matches("\nok ").count() + 1, 5, "{}", text(&output));
}

#[test]
fn the_sdk_check_fails_when_an_operation_has_no_video() {
    let fake = Process::start(&["--render-ms", "300"]);
    set_default_marks(&fake.origin, "[[result:empty]]");
    let output = check(&fake.origin);
    assert!(!output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("in renders_and_downloads"), "{}", text(&output));
}

#[test]
fn the_sdk_check_fails_when_a_running_operation_spells_out_done_false() {
    let fake = Process::start(&["--render-ms", "300"]);
    set_default_marks(&fake.origin, "[[poll:done-false]]");
    let output = check(&fake.origin);
    assert!(text(&output).contains("a running operation says done=False"), "{}", text(&output));
}

fn check(origin: &str) -> Output {
    Command::new(python())
        .args(["-W", "ignore::DeprecationWarning", SCRIPT, origin])
        .output()
        .expect("the interpreter runs")
}

fn text(output: &Output) -> String {
    let printed = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&printed).into_owned()
}

fn set_default_marks(origin: &str, marks: &str) {
    let program = "import json, sys, urllib.request as r\n\
                   r.urlopen(r.Request(sys.argv[1] + '/__control/faults', json.dumps({'marks': sys.argv[2]}).encode(), \
                   {'content-type': 'application/json'}))";
    run(Command::new(python()).args(["-c", program, origin, marks]));
}

/// An interpreter with the SDK, installed once for all tests.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        if let Some(python) = std::env::var_os("FAKE_UPSTREAM_PYTHON") {
            return python.into();
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(SDK.replace("==", "-"));
        let python = folder.join("bin/python");
        let complete = folder.join("complete");
        if !complete.exists() {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
            run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", SDK]));
            std::fs::write(complete, "").expect("the build folder can be written");
        }
        python
    })
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", text(&output));
}
