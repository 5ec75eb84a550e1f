//! A module is named for what it holds; a drawer named for nothing fills with everything.

use crate::source::{File, find_words, is_word};

const DRAWERS: [&str; 6] = ["utils", "util", "common", "types", "core", "helpers"];

pub(crate) fn violations(file: &File) -> Vec<String> {
    let path = file.path.trim_end_matches(".rs");
    let of_path = path.split('/').map(str::to_owned);
    let code = file.code();
    let declared = find_words(&code, "mod").into_iter().map(|at| {
        let name = code[at + "mod".len()..].trim_start();
        name.bytes().take_while(|byte| is_word(*byte)).map(char::from).collect::<String>()
    });
    let mut found: Vec<String> = of_path.chain(declared).filter(|name| DRAWERS.contains(&name.as_str())).collect();
    found.dedup();
    found.into_iter().map(|name| format!("a module named `{name}` says nothing")).collect()
}

#[test]
fn a_drawer_is_found_by_its_file_its_folder_and_its_declaration() {
    for (path, text) in [
        ("src/store/types.rs", ""),
        ("src/types/job.rs", ""),
        ("src/store.rs", "pub mod types;"),
        ("src/a.rs", "mod types {}"),
    ] {
        assert_eq!(violations(&File::new(path, text)), ["a module named `types` says nothing"], "{path}");
    }
    assert!(violations(&File::new("src/webhooks/event_types.rs", "mod model; use core::fmt;")).is_empty());
}
