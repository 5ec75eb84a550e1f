//! A module's name says what it holds; a module with a meaningless name collects everything. Type
//! names are unique.

use crate::source::{File, find_words, is_word};
use std::collections::BTreeMap;

const DRAWERS: [&str; 6] = ["utils", "util", "common", "types", "core", "helpers"];

pub(crate) fn violations(file: &File) -> Vec<String> {
    let path = file.path.trim_end_matches(".rs");
    let of_path = path.split('/').map(str::to_owned);
    let code = file.code();
    let declared = find_words(&code, "mod").into_iter().map(|at| {
        let name = code[at + "mod".len()..].trim_start();
        name.bytes()
            .take_while(|byte| is_word(*byte))
            .map(char::from)
            .collect::<String>()
    });
    let mut found: Vec<String> = of_path
        .chain(declared)
        .filter(|name| DRAWERS.contains(&name.as_str()))
        .collect();
    found.dedup();
    found
        .into_iter()
        .map(|name| format!("the module name `{name}` has no meaning"))
        .collect()
}

/// Names that several types share on purpose. A job and the queue are machines with the same parts,
/// and the wires of the video services are alike.
const SHARED: [&str; 7] = [
    "Answer",
    "Context",
    "Parameters",
    "Policy",
    "Reply",
    "Step",
    "SubmitBody",
];

/// Names that several types share, and names in [`SHARED`] that they do not.
pub(crate) fn repeated(files: &[File]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for file in files {
        for name in types(&file.code()) {
            places.entry(name).or_default().push(&file.path);
        }
    }
    let is_shared = |name: &str| SHARED.contains(&name);
    let odd = places
        .into_iter()
        .filter(|(name, places)| (places.len() > 1) != is_shared(name));
    odd.map(|(name, places)| format!("{name} is declared in {}", places.join(", ")))
        .collect()
}

/// The types declared outside other items.
fn types(code: &str) -> Vec<String> {
    let declared = code.lines().filter_map(|line| {
        let shown = line
            .strip_prefix("pub")
            .map(|rest| rest.trim_start_matches(|c| c != ' ').trim_start());
        let (kind, rest) = shown.unwrap_or(line).split_once(' ')?;
        ["struct", "enum", "trait", "type"]
            .contains(&kind)
            .then_some(rest)
    });
    let word = |rest: &str| {
        rest.bytes()
            .take_while(|byte| is_word(*byte))
            .map(char::from)
            .collect()
    };
    declared.map(word).collect()
}

#[test]
fn a_type_that_stands_twice_is_found_and_one_that_no_longer_does() {
    let found = |files: &[(&str, &str)]| {
        let files: Vec<File> = files
            .iter()
            .map(|(path, text)| File::new(path, text))
            .collect();
        repeated(&files)
    };
    let (first, second) = (
        ("src/a.rs", "pub struct Kind<'a>(&'a str);"),
        ("src/b.rs", "struct Other;\nenum Kind {}"),
    );
    assert_eq!(
        found(&[first, second]),
        ["Kind is declared in src/a.rs, src/b.rs"]
    );
    assert_eq!(
        found(&[("src/a.rs", "pub(crate) struct Step;")]),
        ["Step is declared in src/a.rs"]
    );
    let fine = (
        "src/c.rs",
        "impl T for U {\n    type Kind = u8;\n}\n// struct Kind;\npub type Step = u8;",
    );
    assert!(found(&[first, fine, ("src/d.rs", "pub(super) trait Step {}")]).is_empty());
}

#[test]
fn a_drawer_is_found_by_its_file_its_folder_and_its_declaration() {
    for (path, text) in [
        ("src/store/types.rs", ""),
        ("src/types/job.rs", ""),
        ("src/store.rs", "pub mod types;"),
        ("src/a.rs", "mod types {}"),
    ] {
        assert_eq!(
            violations(&File::new(path, text)),
            ["the module name `types` has no meaning"],
            "{path}"
        );
    }
    assert!(
        violations(&File::new(
            "src/webhooks/event_types.rs",
            "mod model; use core::fmt;"
        ))
        .is_empty()
    );
}
