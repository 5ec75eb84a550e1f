//! A machine does not wait, knows no platform and visits its entries in order.

use crate::source::{File, find_words};

const BANNED: [(&str, &str); 14] = [
    ("async", "a machine does not wait"),
    ("await", "a machine does not wait"),
    ("worker", "a machine knows no platform"),
    ("wasm_bindgen", "a machine knows no platform"),
    ("wasm_bindgen_futures", "a machine knows no platform"),
    ("js_sys", "a machine knows no platform"),
    ("web_sys", "a machine knows no platform"),
    ("futures", "a machine does not wait"),
    ("tokio", "a machine does not wait"),
    (
        "tracing",
        "a machine returns what it did, and its shell logs it",
    ),
    ("chrono", "time is an argument"),
    ("uuid", "randomness is an argument"),
    (
        "HashMap",
        "the order of a hash map differs from run to run (I12)",
    ),
    (
        "HashSet",
        "the order of a hash set differs from run to run (I12)",
    ),
];

pub(crate) fn violations(file: &File) -> Vec<String> {
    if file.path != "src/machine.rs" && !file.path.starts_with("src/machine/") {
        return Vec::new();
    }
    let code = file.code();
    let found = BANNED
        .into_iter()
        .filter(|(word, _)| !find_words(&code, word).is_empty());
    found
        .map(|(word, why)| format!("`{word}` in a machine: {why}"))
        .collect()
}

#[test]
fn each_banned_word_is_found_in_a_machine_only() {
    for (word, _) in BANNED {
        let text = format!("use {word}::thing;");
        assert_eq!(
            violations(&File::new("src/machine/job/submit.rs", &text)).len(),
            1,
            "{word}"
        );
        assert!(
            violations(&File::new("src/clients/r2.rs", &text)).is_empty(),
            "{word}"
        );
    }
    assert!(
        violations(&File::new(
            "src/machine.rs",
            "// async worker\nuse std::collections::BTreeMap;"
        ))
        .is_empty()
    );
}
