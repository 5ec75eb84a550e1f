//! Time and randomness are arguments; only `src/clock.rs` reads them.

use crate::source::{File, find_words};

const READS: [&str; 12] = [
    "Date::now",
    "Date::new_0",
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "Uuid::new_v4",
    "Uuid::now_v7",
    "Uuid::now_v6",
    "Uuid::now_v1",
    "Math::random",
    "getrandom",
];

pub(crate) fn violations(file: &File) -> Vec<String> {
    if file.path == "src/clock.rs" {
        return Vec::new();
    }
    let code = file.code();
    let found = READS
        .into_iter()
        .filter(|read| !find_words(&code, read).is_empty());
    found
        .map(|read| format!("`{read}` outside src/clock.rs"))
        .collect()
}

#[test]
fn each_read_is_found_outside_the_clock_only() {
    for read in READS {
        let text = format!("fn f() {{ let now = worker::{read}(); }}");
        assert_eq!(
            violations(&File::new("src/api/a.rs", &text)),
            [format!("`{read}` outside src/clock.rs")]
        );
        assert!(violations(&File::new("src/clock.rs", &text)).is_empty());
    }
    assert!(violations(&File::new("src/api/a.rs", "let now = clock::now();")).is_empty());
}
