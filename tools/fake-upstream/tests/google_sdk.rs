//! Google's own SDK runs unchanged against the fake, on every wire.
//!
//! The first run installs the SDKs from the Python package index into the build folder. `FAKE_UPSTREAM_PYTHON` and
//! `FAKE_UPSTREAM_PYTHON_3` name interpreters that have them: the older one and the newer.

#[path = "behaviour/process.rs"]
#[allow(dead_code, reason = "the other test binary uses more of it")]
mod process;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use process::Process;

/// A version of the SDK, and where it is.
struct Sdk {
    packages: &'static [&'static str],
    variable: &'static str,
    python: OnceLock<PathBuf>,
}

/// The last minor version that speaks Veo over the Gemini API.
static OLDER: Sdk =
    Sdk { packages: &["google-genai==2.34.0"], variable: "FAKE_UPSTREAM_PYTHON", python: OnceLock::new() };
/// The one that speaks Vertex AI and the Interactions API.
static NEWER: Sdk = Sdk {
    packages: &["google-genai==3.4.0", "google-cloud-storage==3.17.1"],
    variable: "FAKE_UPSTREAM_PYTHON_3",
    python: OnceLock::new(),
};

/// A wire as its script drives it.
struct Wire {
    sdk: &'static Sdk,
    name: &'static str,
    script: &'static str,
    checks: usize,
}

const GEMINI: Wire = Wire { sdk: &OLDER, name: "gemini", script: "sdk_check.py", checks: 5 };
const VERTEX: Wire = Wire { sdk: &NEWER, name: "vertex", script: "sdk_vertex.py", checks: 6 };
const OMNI: Wire = Wire { sdk: &NEWER, name: "omni", script: "sdk_omni.py", checks: 6 };

#[test]
fn googles_sdk_renders_polls_and_downloads_unchanged_on_every_wire() {
    for wire in [GEMINI, VERTEX, OMNI] {
        let fake = Process::start(&["--render-ms", "300"]);
        let output = wire.check(&fake.origin);
        assert!(output.status.success(), "{}: {}", wire.name, text(&output));
        assert_eq!(text(&output).matches("\nok ").count() + 1, wire.checks, "{}: {}", wire.name, text(&output));
    }
}

#[test]
fn each_check_fails_where_it_should() {
    let cases = [
        (GEMINI, "[[result:empty]]", "in renders_and_downloads"),
        (GEMINI, "[[poll:done-false]]", "a running operation says done=False"),
        (VERTEX, "[[result:empty]]", "in renders_into_the_answer"),
        (VERTEX, "[[poll:done-false]]", "a running operation says done=False"),
        (VERTEX, "[[download:404]]", "in renders_into_cloud_storage"),
        (OMNI, "[[result:empty]]", "in renders_and_downloads"),
        (OMNI, "[[file:failed]]", "in renders_and_downloads"),
        (OMNI, "[[download:truncated]]", "in renders_and_downloads"),
    ];
    for (wire, marks, words) in cases {
        let fake = Process::start(&["--render-ms", "300"]);
        wire.sdk.set_default_marks(&fake.origin, marks);
        let output = wire.check(&fake.origin);
        assert!(!output.status.success(), "{} with {marks}: {}", wire.name, text(&output));
        assert!(text(&output).contains(words), "{} with {marks}: {}", wire.name, text(&output));
    }
}

#[test]
fn the_sdks_requests_are_all_accepted_and_each_can_be_found_by_its_prompt() {
    for wire in [GEMINI, VERTEX, OMNI] {
        let fake = Process::start(&["--render-ms", "0"]);
        let output = wire.sdk.run("sdk_requests.py", &[&fake.origin, wire.name]);
        assert!(output.status.success(), "{}: {}", wire.name, text(&output));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let cases: Vec<&str> = printed.lines().filter(|line| line.starts_with("{\"case\": ")).collect();
        assert!(cases.len() >= 10, "{}: {printed}", wire.name);
        let listing =
            wire.sdk.program("print(r.urlopen(sys.argv[1] + '/__control/requests').read().decode())", &[&fake.origin]);
        for case in cases {
            let prompt = case.split_once("\"prompt\": ").expect("a prompt").1.trim_end_matches('}');
            assert!(text(&listing).contains(&format!("\"prompt\":{prompt}")), "{}: {case}", wire.name);
        }
    }
}

impl Wire {
    fn check(&self, origin: &str) -> Output {
        self.sdk.run(self.script, &[origin])
    }
}

impl Sdk {
    /// Runs one of the scripts beside this crate's manifest.
    fn run(&self, script: &str, arguments: &[&str]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let mut command = Command::new(self.python());
        command.args(["-W", "ignore"]).arg(script).args(arguments).output().expect("the interpreter runs")
    }

    /// Runs a few words of Python, which have to end well.
    fn program(&self, program: &str, arguments: &[&str]) -> Output {
        let program = format!("import json, sys, urllib.request as r\n{program}");
        run(Command::new(self.python()).args(["-c", &program]).args(arguments))
    }

    fn set_default_marks(&self, origin: &str, marks: &str) {
        let program = "r.urlopen(r.Request(sys.argv[1] + '/__control/faults', json.dumps({'marks': sys.argv[2]}).encode(), \
                       {'content-type': 'application/json'}))";
        self.program(program, &[origin, marks]);
    }

    /// An interpreter with the SDK, installed once for all tests.
    fn python(&self) -> &Path {
        self.python.get_or_init(|| {
            if let Some(python) = std::env::var_os(self.variable) {
                return python.into();
            }
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(self.packages.join("-").replace("==", "-"));
            let python = folder.join("bin/python");
            let complete = folder.join("complete");
            if !complete.exists() {
                run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
                let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
                run(Command::new(&python).args(pip).args(self.packages));
                std::fs::write(complete, "").expect("the build folder can be written");
            }
            python
        })
    }
}

fn text(output: &Output) -> String {
    let printed = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&printed).into_owned()
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    output
}
