//! A user's text never becomes markup, and a page loads nothing from other origins. In the browser,
//! `Content-Security-Policy` enforces these rules; this test enforces them in the source.

use crate::source::File;
use std::path::Path;

/// The maximum lines of a component; a longer one should be two.
const MAX_LINES: usize = 250;
/// Everything that turns text into markup or code, or loads from other origins.
const BANNED: [&str; 12] = [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "setHTML",
    "createContextualFragment",
    "DOMParser",
    "document.write",
    "eval(",
    "new Function",
    "javascript:",
    "https://",
    "\"style\"",
];
/// The SVG namespace is an address that is never fetched.
const NAMESPACE: &str = "http://www.w3.org/2000/svg";

pub(crate) fn violations(file: &File) -> Vec<String> {
    let text = file.text.replace(NAMESPACE, "");
    let mut found: Vec<String> = BANNED
        .into_iter()
        .chain(["http://"])
        .filter(|word| text.contains(word))
        .map(|word| format!("`{word}`"))
        .collect();
    if Path::new(&file.path)
        .extension()
        .is_some_and(|ending| ending == "html")
    {
        found.extend(in_markup(&text));
    }
    let lines = file.text.lines().count();
    if lines > MAX_LINES {
        found.push(format!("{lines} lines, {MAX_LINES} at most"));
    }
    found
}

/// Inline code and styles in a page's markup.
fn in_markup(text: &str) -> Vec<String> {
    let tags = text
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag));
    let mut found = Vec::new();
    for tag in tags {
        let attributes = tag
            .split_whitespace()
            .skip(1)
            .filter_map(|word| word.split_once('='))
            .map(|(name, _)| name);
        for attribute in attributes {
            if attribute == "style" || attribute.starts_with("on") {
                found.push(format!("the attribute `{attribute}`"));
            }
        }
        let is_inline = tag.starts_with("script") && !tag.contains("src=");
        if is_inline || tag.starts_with("style") {
            found.push(format!("inline code or style in <{tag}>"));
        }
    }
    found
}

#[test]
fn markup_from_text_and_what_is_inline_or_elsewhere_are_found() {
    for word in BANNED.into_iter().chain(["http://"]) {
        assert_eq!(
            violations(&File::new(
                "assets/dashboard/job.js",
                &format!("a {word} b")
            ))
            .len(),
            1,
            "{word}"
        );
    }
    for tag in [
        "<p style=\"a\">",
        "<p onclick=\"a\">",
        "<script>",
        "<style>",
    ] {
        assert_eq!(
            violations(&File::new("assets/dashboard.html", tag)).len(),
            1,
            "{tag}"
        );
    }
    let good = format!("<script src=\"/a.js\"></script><p class=\"a\">{NAMESPACE}</p>");
    assert!(violations(&File::new("assets/dashboard.html", &good)).is_empty());
    assert_eq!(
        violations(&File::new(
            "assets/dashboard/a.css",
            &"\n".repeat(MAX_LINES + 1)
        ))
        .len(),
        1
    );
}
