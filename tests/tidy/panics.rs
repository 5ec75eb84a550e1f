//! No code panics: a panic aborts the whole instance with all its requests.

use crate::source::{File, is_word};

const CALLS: [&str; 4] = [".unwrap()", ".unwrap_err()", ".expect(", ".expect_err("];
const MACROS: [&str; 7] = [
    "panic!",
    "todo!",
    "unimplemented!",
    "unreachable!",
    "assert!",
    "assert_eq!",
    "assert_ne!",
];

/// Calls that cannot panic, by file and line.
const CANNOT_HAPPEN: [(&str, &str); 1] = [(
    "src/signed_url.rs",
    "Hmac::new_from_slice(key).expect(\"HMAC takes a key of any length\")",
)];

pub(crate) fn violations(file: &File) -> Vec<String> {
    let code = file.code();
    let mut found = Vec::new();
    for (number, (line, written)) in code.lines().zip(file.text.lines()).enumerate() {
        if CANNOT_HAPPEN.contains(&(file.path.as_str(), written.trim())) {
            continue;
        }
        let calls = CALLS.into_iter().filter(|call| line.contains(call));
        let macros = MACROS.into_iter().filter(|name| invokes(line, name));
        found.extend(
            calls
                .chain(macros)
                .map(|what| format!("line {}: `{what}` can panic", number + 1)),
        );
    }
    found
}

fn invokes(line: &str, name: &str) -> bool {
    line.match_indices(name)
        .any(|(at, _)| at == 0 || !is_word(line.as_bytes()[at - 1]))
}

#[test]
fn each_way_to_panic_is_found_with_its_line() {
    for what in CALLS.into_iter().chain(MACROS) {
        let file = File::new(
            "src/api/a.rs",
            &format!(
                "fn f() {{\n    x{}{what}\n}}",
                if what.starts_with('.') { "" } else { ";" }
            ),
        );
        assert_eq!(violations(&file), [format!("line 2: `{what}` can panic")]);
    }
}

#[test]
fn tests_comments_attributes_and_harmless_cousins_are_no_violation() {
    let text = "// x.unwrap()\n#[expect(dead_code)]\nfn f() { x.unwrap_or(0); debug_assert!(y); }\n\
        #[cfg(test)]\nmod tests { fn g() { x.unwrap(); panic!(); } }";
    assert!(violations(&File::new("src/api/a.rs", text)).is_empty());
}
