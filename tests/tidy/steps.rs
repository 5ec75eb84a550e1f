//! Every step that a job can write into its timeline is entered in the log's table, and nothing else is.

use crate::source::File;
use reelay::log::STEPS;
use std::collections::BTreeSet;

/// Words in the job's machine that are no steps.
const OTHER_WORDS: [&str; 9] =
    ["confirming", "clarifying", "queued", "submitting", "rendering", "storing", "notifying", "done", "snake_case"];

/// What stands on one side only.
pub(crate) fn differences(files: &[File]) -> Vec<String> {
    let written: BTreeSet<String> = files
        .iter()
        .filter(|file| file.path == "src/machine/job.rs" || file.path.starts_with("src/machine/job/"))
        .flat_map(File::literals)
        .filter(|literal| is_word(literal) && !OTHER_WORDS.contains(&literal.as_str()))
        .collect();
    let told: BTreeSet<String> = STEPS.iter().map(|(word, ..)| (*word).to_owned()).collect();
    let missing = written.difference(&told).map(|word| format!("the step {word} has no line in src/log/step.rs"));
    let unused = told.difference(&written).map(|word| format!("no job writes the step {word} of src/log/step.rs"));
    missing.chain(unused).collect()
}

fn is_word(literal: &str) -> bool {
    !literal.is_empty() && literal.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[test]
fn a_step_on_one_side_only_is_found() {
    let all: Vec<String> = STEPS.iter().skip(1).map(|(word, ..)| format!("turn.note(\"{word}\", None);")).collect();
    let code = format!("fn f() {{ turn.note(\"jumped\", Some(\"A sentence.\")); {} }}", all.concat());
    let files = [File::new("src/machine/job/jump.rs", &code), File::new("src/api/a.rs", "f(\"elsewhere\")")];
    let (first, ..) = STEPS[0];
    assert_eq!(
        differences(&files),
        [
            "the step jumped has no line in src/log/step.rs".to_owned(),
            format!("no job writes the step {first} of src/log/step.rs")
        ]
    );
}
