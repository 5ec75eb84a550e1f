//! Other tools read the API's description: linters find nothing, and clients that generators build
//! from it order, poll, list and cancel on the running worker.
//!
//! The clients' scenarios are in `tests/workerd/generators`; `tools/generators` pins the tools,
//! which the first test installs into the build folder.

use crate::harness::{shared, told, unique};
use crate::sdk::PIXEL;
use crate::sdk::google::{Sdk, run, text};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

static PYTHON_CLIENT: Sdk = Sdk::of(&["openapi-python-client==0.29.1"], "OPENAPI_PYTHON_CLIENT");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PLAYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workerd/generators");

#[test]
fn the_linters_find_nothing_in_the_description() {
    let folder = folder("linters", &[".spectral.yaml"]);
    let redocly = [
        "lint",
        "openapi.json",
        "--extends=recommended-strict",
        "--format=stylish",
    ];
    npm_tool(&folder, "redocly", &redocly);
    npm_tool(
        &folder,
        "spectral",
        &["lint", "openapi.json", "--fail-severity=hint"],
    );
}

#[test]
fn the_client_of_hey_api_works() {
    let folder = folder("hey_api", &["hey_api.ts", "tsconfig.json"]);
    let printed = npm_tool(
        &folder,
        "openapi-ts",
        &["-i", "openapi.json", "-o", "hey", "--no-log-file"],
    );
    assert!(!printed.to_lowercase().contains("warn"), "{printed}");
    play_typescript(&folder, "hey_api");
}

#[test]
fn the_client_and_the_schemas_of_orval_work() {
    let folder = folder("orval", &["orval.ts", "orval.config.mjs", "tsconfig.json"]);
    let printed = npm_tool(
        &folder,
        "orval",
        &["--config", "orval.config.mjs", "--fail-on-warnings"],
    );
    assert!(
        printed.contains("fetch - 🎉") && printed.contains("zod - 🎉"),
        "{printed}"
    );
    play_typescript(&folder, "orval");
}

#[test]
fn the_client_of_openapi_python_client_works() {
    let folder = folder("python", &["python.yaml", "play.py"]);
    let python = PYTHON_CLIENT.python();
    let bin = python.parent().expect("a folder");
    // It formats its output with ruff, which is installed with it.
    let path = std::env::var("PATH").unwrap_or_default();
    let generate = [
        "generate",
        "--path",
        "openapi.json",
        "--config",
        "python.yaml",
        "--output-path",
        "client",
    ];
    let mut generator = Command::new(bin.join("openapi-python-client"));
    generator
        .args(generate)
        .arg("--fail-on-warning")
        .env("PATH", format!("{}:{path}", bin.display()));
    run(generator.current_dir(&folder));
    let mut play = Command::new(python);
    let play = play
        .args(["-W", "error", "play.py"])
        .env("PYTHONPATH", folder.join("client"))
        .current_dir(&folder);
    play_on_the_worker("python", play);
}

/// A new folder from which the tools are found, with the description and these files.
fn folder(name: &str, files: &[&str]) -> PathBuf {
    let folder = tools().join("work").join(name);
    // Left by an earlier run.
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).expect("the build folder can be written");
    let copy = |from: PathBuf, to: &str| {
        std::fs::copy(&from, folder.join(to))
            .unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    };
    copy(Path::new(ROOT).join("assets/openapi.json"), "openapi.json");
    for file in files {
        copy(Path::new(PLAYS).join(file), file);
    }
    folder
}

/// The folder whose `node_modules` has the tools, installed once for all tests and reused while
/// their versions stay the same.
fn tools() -> &'static Path {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generators");
        let pinned = Path::new(ROOT).join("tools/generators");
        let read = |path: PathBuf| std::fs::read(path).unwrap_or_default();
        let complete = folder.join("complete");
        if read(complete.clone()) != read(pinned.join("package-lock.json")) {
            std::fs::create_dir_all(&folder).expect("the build folder can be written");
            for file in ["package.json", "package-lock.json"] {
                std::fs::copy(pinned.join(file), folder.join(file)).expect("it can be copied");
            }
            // Packages' install scripts are not run.
            let arguments = [
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ];
            run(Command::new("npm").args(arguments).current_dir(&folder));
            std::fs::copy(folder.join("package-lock.json"), complete)
                .expect("the build folder can be written");
        }
        folder
    })
}

/// Runs a tool in a folder; returns what it printed.
fn npm_tool(folder: &Path, name: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(tools().join("node_modules/.bin").join(name));
    command.args(arguments).current_dir(folder);
    // Neither telemetry nor checks for newer versions.
    let quiet = [
        ("REDOCLY_TELEMETRY", "off"),
        ("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
        ("NO_COLOR", "1"),
    ];
    text(&run(command.envs(quiet)))
}

/// Type-checks a scenario with the client that it calls, then plays it.
fn play_typescript(folder: &Path, scenario: &str) {
    npm_tool(folder, "tsc", &["--project", "."]);
    let bundle = [
        "--bundle",
        "--platform=node",
        "--format=esm",
        "--log-level=error",
        "--outfile=play.mjs",
    ];
    npm_tool(
        folder,
        "esbuild",
        &[&[format!("{scenario}.ts").as_str()], bundle.as_slice()].concat(),
    );
    play_on_the_worker(
        scenario,
        Command::new("node").arg("play.mjs").current_dir(folder),
    );
}

/// Runs a scenario as a new user without any other order.
fn play_on_the_worker(scenario: &str, command: &mut Command) {
    let world = shared();
    let user = world.user_named(&unique(scenario));
    command
        .env("REELAY_ORIGIN", world.worker.origin())
        .env("REELAY_TOKEN", user.bearer());
    let printed = text(&run(command.env("REELAY_PIXEL", PIXEL)));
    told(printed.trim());
}
