//! Python packages such as Google's SDK, installed from the package index into the build folder by
//! the first test that needs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Packages in fixed versions, and their location.
pub(crate) struct Sdk {
    packages: &'static [&'static str],
    variable: &'static str,
    python: OnceLock<PathBuf>,
}

/// The last minor version that uses Veo over the Gemini API.
pub(crate) static OLDER: Sdk = Sdk::of(&["google-genai==2.34.0"], "FAKE_UPSTREAM_PYTHON");
/// The version that uses Vertex AI and the Interactions API.
pub(crate) static NEWER: Sdk = Sdk::of(
    &["google-genai==3.6.1", "google-cloud-storage==3.17.1"],
    "FAKE_UPSTREAM_PYTHON_3",
);

impl Sdk {
    /// Packages in fixed versions, unless the variable names an interpreter that has them.
    pub(crate) const fn of(packages: &'static [&'static str], variable: &'static str) -> Self {
        Self {
            packages,
            variable,
            python: OnceLock::new(),
        }
    }

    /// Runs a script.
    pub(crate) fn run(&self, script: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.python());
        command
            .args(["-W", "ignore"])
            .arg(script)
            .args(arguments)
            .output()
            .expect("the interpreter runs")
    }

    /// An interpreter with the packages, installed once for all tests.
    pub(crate) fn python(&self) -> &Path {
        self.python.get_or_init(|| {
            if let Some(python) = std::env::var_os(self.variable) {
                return python.into();
            }
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
                .join(self.packages.join("-").replace("==", "-"));
            let python = folder.join("bin/python");
            let complete = folder.join("complete");
            if !complete.exists() {
                run(Command::new("python3")
                    .args(["-m", "venv", "--clear"])
                    .arg(&folder));
                let pip = [
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ];
                run(Command::new(&python).args(pip).args(self.packages));
                std::fs::write(complete, "").expect("the build folder can be written");
            }
            python
        })
    }
}

/// The printed output.
pub(crate) fn text(output: &Output) -> String {
    let printed = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&printed).into_owned()
}

/// Runs a command, which must succeed.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    output
}
