//! Mistakes planted into a copy of the code, each of which the simulation must catch by the invariant that it breaks. The
//! code itself passes the same seeds, so it is the mistake that is caught.
//!
//! The copy is made below the target directory, and compiled beside the code, so that they share all libraries. All bugs are compiled in together, behind a switch, and switched on one
//! after the other by `caught.rs`, which is a part of the copy's simulation.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

mod table;

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use table::{BUGS, EDITS, Edit};

/// What the copy has of its own; all else is linked.
const OWN: [&str; 2] = ["src", "tests"];
/// Where the switch is.
const SWITCH: &str = "
/// Which bug is planted.
pub mod bug {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static PLANTED: AtomicUsize = AtomicUsize::new(usize::MAX);

    /// Plants the bug of this number and no other.
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
    make(home, &copy).expect("the copy is made");
    for edit in EDITS {
        plant(&copy, edit);
    }
    append(&copy.join("src/lib.rs"), SWITCH);
    append(&copy.join("tests/sim/main.rs"), "#[path = \"../bugs/caught.rs\"]\nmod caught;\n");
    let status = Command::new(env!("CARGO"))
        .args(["test", "--offline", "-p", "reelay", "--test", "sim", "--", "caught::", "--nocapture"])
        .current_dir(&copy)
        .status();
    assert!(status.expect("cargo runs").success(), "see above");
}

/// Every bug has an edit, and every edit a bug.
#[test]
fn the_edits_are_of_all_bugs() {
    for (number, bug) in BUGS.iter().enumerate() {
        let planted = format!("planted({number})");
        assert!(EDITS.iter().any(|edit| edit.plant.contains(&planted)), "{number}: {}", bug.mistake);
        assert!(!bug.breaks.is_empty(), "{number}: {}", bug.mistake);
    }
    let beyond = format!("planted({})", BUGS.len());
    assert!(!EDITS.iter().any(|edit| edit.plant.contains(&beyond)));
}

/// Copies what is edited and links all else. Files that have not changed are not written again, so that they are not
/// compiled again.
fn make(home: &Path, copy: &Path) -> io::Result<()> {
    fs::create_dir_all(copy)?;
    for entry in fs::read_dir(home)? {
        let name = entry?.file_name();
        let (from, to) = (home.join(&name), copy.join(&name));
        if OWN.iter().any(|own| name == *own) {
            copy_folder(&from, &to)?;
        } else if name != "target" && name != ".git" && !to.exists() {
            symlink(from, to)?;
        }
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn plant(copy: &Path, edit: &Edit) {
    let path = copy.join("src/machine").join(edit.file);
    let text = fs::read_to_string(&path).expect("a file of the machines");
    assert_eq!(text.matches(edit.find).count(), 1, "{} has this once:\n{}", edit.file, edit.find);
    let planted = edit.plant.replace("planted(", "crate::bug::planted(");
    fs::write(path, text.replace(edit.find, &planted)).expect("the copy is written");
}

fn append(path: &Path, text: &str) {
    let before = fs::read_to_string(path).expect("a file of the copy");
    fs::write(path, before + text).expect("the copy is written");
}
