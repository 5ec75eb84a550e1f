//! The machine and the versions that a report describes.

use crate::clock;
use crate::worker::root;
use serde_json::Value;
use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

/// One or two sentences: the date, the build, the machine.
pub(crate) fn describe() -> String {
    let cores = available_parallelism().map_or(0, std::num::NonZero::get);
    format!(
        "Measured on {} at commit {}, with workerd {}, wrangler {} and `worker` {}. The machine \
         has {cores} cores of {}, {} of memory and Linux {}.",
        clock::today(),
        commit(),
        installed("workerd"),
        installed("wrangler"),
        locked("worker"),
        field("/proc/cpuinfo", "model name"),
        memory(),
        fs::read_to_string("/proc/sys/kernel/osrelease")
            .unwrap_or_default()
            .trim(),
    )
}

/// The checked-out commit, and whether the built files differ from it.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(root())
            .output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            .unwrap_or_default()
    };
    let changed = git(&[
        "status",
        "--porcelain",
        "--",
        "src",
        "Cargo.toml",
        "Cargo.lock",
        "tools",
    ]);
    let commit = git(&["rev-parse", "--short", "HEAD"]);
    if changed.is_empty() {
        commit
    } else {
        format!("{commit} with changes")
    }
}

/// The version of an installed npm package.
fn installed(package: &str) -> String {
    let text = fs::read_to_string(
        root()
            .join("node_modules")
            .join(package)
            .join("package.json"),
    )
    .unwrap_or_default();
    let manifest: Value = serde_json::from_str(&text).unwrap_or_default();
    manifest["version"].as_str().unwrap_or("?").to_owned()
}

/// The version of a crate in the lock file.
fn locked(package: &str) -> String {
    let text = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    let after = text
        .split(&format!("name = \"{package}\"\nversion = \""))
        .nth(1)
        .unwrap_or("?");
    after.split('"').next().unwrap_or("?").to_owned()
}

/// The first value of that name in a file of `name: value` lines.
fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
    line.unwrap_or("?").trim().to_owned()
}

fn memory() -> String {
    let kilobytes: f64 = field("/proc/meminfo", "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or(0.0);
    format!("{:.0} GiB", kilobytes / f64::from(1 << 20))
}
