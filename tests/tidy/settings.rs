//! The variables that `src/config` and the providers in `src/upstream` read are those of
//! `docs/settings.md`.

use crate::source::File;
use std::collections::BTreeSet;

const HEADING: &str = "| variable | default | must be | meaning |";
/// The source of the page: it names every variable and reads none.
const REFERENCE: &str = "src/config/reference.rs";
/// Bindings, which are no variables.
const BINDINGS: [&str; 2] = ["ASSETS", "DISPATCH"];

/// Reads of the worker's variables outside the configuration.
pub(crate) fn reads_outside(file: &File) -> Vec<String> {
    if is_configuration(&file.path) {
        return Vec::new();
    }
    let code = file.code();
    let reads = [".var(", ".secret("]
        .into_iter()
        .filter(|read| code.contains(read));
    reads
        .map(|read| format!("`{read}` outside src/config"))
        .collect()
}

/// The variables that are only in the source or only in the page.
pub(crate) fn differences(files: &[File], page: &str) -> Vec<String> {
    let read: BTreeSet<String> = files
        .iter()
        .filter(|file| {
            is_configuration(&file.path)
                && file.path != REFERENCE
                && (!is_provider(&file.path) || file.code().contains("Variables<"))
        })
        .flat_map(File::literals)
        .filter(|literal| is_variable(literal))
        .collect();
    let named = names(page);
    let missing = read
        .difference(&named)
        .map(|name| format!("{name} is read, but not in docs/settings.md"));
    let unread = named
        .difference(&read)
        .map(|name| format!("{name} is in docs/settings.md, but not read"));
    missing.chain(unread).collect()
}

fn is_configuration(path: &str) -> bool {
    path == "src/config.rs"
        || path == "src/variables.rs"
        || path.starts_with("src/config/")
        || is_provider(path)
}

/// Only files that read variables count; the others contain many words in capitals.
fn is_provider(path: &str) -> bool {
    path.starts_with("src/upstream/")
}

fn is_variable(literal: &str) -> bool {
    let shaped = literal
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let is_word =
        literal.len() > 2 && literal.starts_with(|first: char| first.is_ascii_uppercase());
    is_word && shaped && !BINDINGS.contains(&literal)
}

/// The names in the first column of every table, which stand between backquotes.
fn names(page: &str) -> BTreeSet<String> {
    let mut is_table = false;
    let rows = page.lines().filter(|line| {
        is_table = line.starts_with('|') && (is_table || *line == HEADING);
        is_table
    });
    rows.filter_map(|row| {
        row.strip_prefix("| `")?
            .split_once('`')
            .map(|(name, _)| name.to_owned())
    })
    .collect()
}

#[test]
fn a_variable_on_one_side_only_is_found() {
    let files = [
        File::new(
            "src/config/read.rs",
            "fn f() { text(\"JWT_SECRET\"); text(\"NEW_ONE\"); ok(\"a SENTENCE\"); }",
        ),
        File::new("src/api/a.rs", "const METHOD: &str = \"OPTIONS\";"),
        File::new(REFERENCE, "const A: &str = \"OLD_ONE\";"),
    ];
    let page = format!(
        "{HEADING}\n|---|---|---|---|\n| `JWT_SECRET` | required | x | y |\n\n| `NO` |\n\n\
         {HEADING}\n|---|---|---|---|\n| `OLD_ONE` | 3 | x | y |\n"
    );
    assert_eq!(
        differences(&files, &page),
        [
            "NEW_ONE is read, but not in docs/settings.md",
            "OLD_ONE is in docs/settings.md, but not read"
        ]
    );
}

#[test]
fn without_the_table_every_variable_is_missing() {
    let files = [File::new(
        "src/config.rs",
        "fn f() { text(\"JWT_SECRET\"); }",
    )];
    assert_eq!(differences(&files, "# Reelay").len(), 1);
}

#[test]
fn a_read_outside_the_configuration_is_found() {
    let text = "fn f() { env.secret(\"JWT_SECRET\"); }";
    assert_eq!(
        reads_outside(&File::new("src/api/a.rs", text)),
        ["`.secret(` outside src/config"]
    );
    assert!(reads_outside(&File::new("src/config.rs", text)).is_empty());
}
