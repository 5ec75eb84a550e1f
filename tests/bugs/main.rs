//! Mistakes planted into a copy of the code. The simulation must catch each one by the invariant
//! that it breaks. The code itself passes the same seeds, so the mistake is what is caught.
//!
//! The copy is made below the target directory and compiled next to the code, so that they share
//! all libraries. Its version differs, so that the compiler keeps the two apart. All bugs are
//! compiled in together behind a switch, and switched on one after the other by `caught.rs`, which
//! is part of the copy's simulation.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

mod table;

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use table::{BUGS, EDITS, Edit};

/// The copy's own files; all others are linked.
const OWN: [&str; 4] = ["src", "tests", "Cargo.toml", "Cargo.lock"];
/// Where a version is written, the version, and the copy's version.
const VERSIONS: [(&str, &str, &str); 2] = [
    (
        "Cargo.toml",
        "\nversion.workspace = true",
        "\nversion = \"0.0.0-bugs\"",
    ),
    (
        "Cargo.lock",
        concat!(
            "name = \"reelay\"\nversion = \"",
            env!("CARGO_PKG_VERSION"),
            "\""
        ),
        "name = \"reelay\"\nversion = \"0.0.0-bugs\"",
    ),
];
/// The switch.
const SWITCH: &str = "
/// Which bug is planted.
pub mod bug {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static PLANTED: AtomicUsize = AtomicUsize::new(usize::MAX);

    /// Plants only the bug of this number.
    pub fn plant(number: Option<usize>) {
        PLANTED.store(number.unwrap_or(usize::MAX), Ordering::Relaxed);
    }

    pub(crate) fn planted(number: usize) -> bool {
        PLANTED.load(Ordering::Relaxed) == number
    }
}
";

#[test]
fn each_planted_bug_is_caught_by_an_invariant_that_it_breaks() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bugs");
    make(home, &copy).expect("the copy can be made");
    for (file, find, new) in VERSIONS {
        replace(&copy.join(file), find, new);
    }
    for Edit { file, find, plant } in EDITS {
        replace(
            &copy.join("src/machine").join(file),
            find,
            &plant.replace("planted(", "crate::bug::planted("),
        );
    }
    append(&copy.join("src/lib.rs"), SWITCH);
    append(
        &copy.join("tests/sim/main.rs"),
        "#[path = \"../bugs/caught.rs\"]\nmod caught;\n",
    );
    let status = Command::new(env!("CARGO"))
        .args([
            "test",
            "--offline",
            "-p",
            "reelay",
            "--test",
            "sim",
            "--",
            "caught::",
            "--nocapture",
        ])
        .current_dir(&copy)
        .status();
    assert!(status.expect("cargo runs").success(), "see above");
}

/// Every bug has an edit, and every edit a bug.
#[test]
fn the_edits_are_of_all_bugs() {
    for (number, bug) in BUGS.iter().enumerate() {
        let planted = format!("planted({number})");
        assert!(
            EDITS.iter().any(|edit| edit.plant.contains(&planted)),
            "{number}: {}",
            bug.mistake
        );
        assert!(!bug.breaks.is_empty(), "{number}: {}", bug.mistake);
    }
    let beyond = format!("planted({})", BUGS.len());
    assert!(!EDITS.iter().any(|edit| edit.plant.contains(&beyond)));
}

/// Copies the edited files and links all others. What an earlier run left, perhaps of another
/// checkout, is replaced, except `target`.
fn make(home: &Path, copy: &Path) -> io::Result<()> {
    fs::create_dir_all(copy)?;
    for entry in fs::read_dir(copy)? {
        let old = entry?.path();
        if old.is_symlink() || old.is_file() {
            fs::remove_file(old)?;
        } else if !old.ends_with("target") {
            fs::remove_dir_all(old)?;
        }
    }
    for entry in fs::read_dir(home)? {
        let name = entry?.file_name();
        let (from, to) = (home.join(&name), copy.join(&name));
        if OWN.iter().any(|own| name == *own) {
            copy_all(&from, &to)?;
        } else if name != "target" && name != ".git" {
            symlink(from, to)?;
        }
    }
    Ok(())
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        copy_all(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

fn replace(path: &Path, find: &str, new: &str) {
    let text = fs::read_to_string(path).expect("a file of the copy");
    assert_eq!(
        text.matches(find).count(),
        1,
        "{} must have this once:\n{find}",
        path.display()
    );
    fs::write(path, text.replace(find, new)).expect("the copy can be written");
}

fn append(path: &Path, text: &str) {
    let before = fs::read_to_string(path).expect("a file of the copy");
    fs::write(path, before + text).expect("the copy can be written");
}
