//! A log line begins with its component: `[COMPONENT] Action`.

use crate::source::{File, find_words};

const LEVELS: [&str; 5] = ["error!", "warn!", "info!", "debug!", "trace!"];

pub(crate) fn violations(file: &File) -> Vec<String> {
    let code = file.code();
    let mut found = Vec::new();
    for level in LEVELS {
        for at in find_words(&code, &format!("tracing::{level}")) {
            let line = code[..at].lines().count().max(1);
            match message(&code[at..], &file.text[at..]) {
                Some(message) if is_good(&message) => {}
                Some(message) => found.push(format!(
                    "line {line}: `{message}` is not `[COMPONENT] Action`"
                )),
                None => found.push(format!("line {line}: a line without a message")),
            }
        }
    }
    found
}

/// The last literal between the parentheses of a macro that begins here.
fn message(code: &str, text: &str) -> Option<String> {
    let open = code.find('(')?;
    let mut depth = 0_usize;
    let length = code[open..].bytes().position(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let (code, text) = (&code[open..open + length], &text[open..open + length]);
    let end = code.rfind('"')?;
    let begin = code[..end].rfind('"')?;
    Some(text[begin + 1..end].to_owned())
}

fn is_good(message: &str) -> bool {
    let Some((component, action)) = message
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    else {
        return false;
    };
    let named = component == "{}"
        || (!component.is_empty() && component.bytes().all(|byte| byte.is_ascii_uppercase()));
    named && action.starts_with(|first: char| first.is_ascii_uppercase())
}

#[test]
fn a_message_without_its_component_is_found_with_its_line() {
    for bad in [
        "cron failed",
        "[cron] Failed",
        "[CRON] failed",
        "[CRON]Failed",
        "[] Failed",
    ] {
        let file = File::new(
            "src/a.rs",
            &format!("fn f() {{\n    tracing::warn!(reason = %g(\"x\"), \"{bad}\", h(1));\n}}"),
        );
        assert_eq!(
            violations(&file),
            [format!("line 2: `{bad}` is not `[COMPONENT] Action`")]
        );
    }
    assert_eq!(
        violations(&File::new("src/a.rs", "tracing::info!(a = 1)")),
        ["line 1: a line without a message"]
    );
}

#[test]
fn good_messages_are_no_violation() {
    for good in [
        "[CRON] Failed",
        "[{}] Alarm failed",
        "[API] Unavailable: {message}",
    ] {
        let file = File::new(
            "src/a.rs",
            &format!("fn f() {{ tracing::error!(\n    a = b(1),\n    \"{good}\"\n); }}"),
        );
        assert!(violations(&file).is_empty(), "{good}");
    }
}
