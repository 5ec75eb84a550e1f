//! Pages and their sentences are short, their links work, and replaced wordings do not return.

use crate::source::File;
use std::collections::{BTreeMap, BTreeSet};

/// The longest line outside tables, links and code, in columns.
const MAX_COLUMNS: usize = 100;
/// The longest paragraph, in words.
const MAX_PARAGRAPH: usize = 90;
/// The longest sentence, in words.
const MAX_SENTENCE: usize = 30;
/// At least half of a page's sentences are shorter, in words.
const SHORT_SENTENCE: usize = 18;
/// The longest page of the documentation, in words outside code and tables.
const MAX_PAGE: usize = 900;
/// The longest README: lines and bytes.
const MAX_README: (usize, usize) = (150, 10 * 1024);
/// The longest ARCHITECTURE, in lines.
const MAX_ARCHITECTURE: usize = 220;

/// Wordings that a plainer one replaced, in small letters.
const GONE: [&str; 27] = [
    "as a document",
    "asked anew",
    "behind the answer",
    "came too slowly",
    "come to an end",
    "comes of an effect",
    "has had nobody",
    "a look at a render",
    "looks at a render",
    "for whom it is",
    "gave no answer",
    "half within",
    "has not the ",
    "is told",
    "jobs without timer",
    "looks again",
    "no more of the video came",
    "set up here",
    "takes no orders",
    "timer was lost",
    "to answer for",
    "webhooks under way",
    "who is in line",
    "what is left to do behind",
    "want of a",
    "with this step nothing",
    "nothing is left of a",
];

/// The violations in one page.
pub(crate) fn violations(page: &File) -> Vec<String> {
    let lines = lines(&page.text);
    let mut found = lengths(page, &lines);
    found.extend(columns(page));
    let paragraphs = paragraphs(&lines);
    for (number, paragraph) in &paragraphs {
        let count = words(paragraph);
        if count > MAX_PARAGRAPH {
            found.push(format!(
                "line {number}: a paragraph of {count} words, at most {MAX_PARAGRAPH}"
            ));
        }
    }
    let counts: Vec<(usize, usize)> = paragraphs
        .iter()
        .flat_map(|(number, paragraph)| sentences(paragraph).map(|count| (*number, count)))
        .collect();
    for (number, count) in counts.iter().filter(|(_, count)| *count > MAX_SENTENCE) {
        found.push(format!(
            "line {number}: a sentence of {count} words, at most {MAX_SENTENCE}"
        ));
    }
    let short = counts
        .iter()
        .filter(|(_, count)| *count < SHORT_SENTENCE)
        .count();
    if short * 2 < counts.len() {
        found.push(format!(
            "{short} of {} sentences have fewer than {SHORT_SENTENCE} words: less than half",
            counts.len()
        ));
    }
    found
}

/// Lines of a page that are too long.
pub(crate) fn columns(page: &File) -> Vec<String> {
    let lines = lines(&page.text);
    let text = page.text.lines().zip(&lines).enumerate();
    let long = text.filter(|(_, (line, prose))| {
        let may_be_long = prose.is_none() || line.contains("](") || line.contains("http");
        !may_be_long && line.chars().count() > MAX_COLUMNS
    });
    long.map(|(number, _)| format!("line {} has more than {MAX_COLUMNS} columns", number + 1))
        .collect()
}

/// The replaced wordings that a file, Markdown or source, contains.
pub(crate) fn wordings(file: &File) -> Vec<String> {
    let text = file.text.to_lowercase();
    GONE.into_iter()
        .filter(|wording| text.contains(wording))
        .map(|wording| format!("contains \"{wording}\""))
        .collect()
}

/// Broken relative links: the file or the heading is missing. `exists` returns whether a file
/// exists.
pub(crate) fn dead_links(pages: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let anchors: BTreeMap<&str, BTreeSet<String>> = pages
        .iter()
        .map(|page| (page.path.as_str(), anchors(&page.text)))
        .collect();
    let mut found = Vec::new();
    for page in pages {
        for target in links(&page.text) {
            let (file, anchor) = target
                .split_once('#')
                .map_or((target.as_str(), None), |(file, anchor)| {
                    (file, Some(anchor))
                });
            let path = if file.is_empty() {
                page.path.clone()
            } else {
                resolved(&page.path, file)
            };
            let known = anchors.get(path.as_str());
            let has_anchor = |anchor| known.is_none_or(|anchors| anchors.contains(anchor));
            if !exists(&path) || !anchor.is_none_or(has_anchor) {
                found.push(format!("{}: {target} is a broken link", page.path));
            }
        }
    }
    found
}

fn lengths(page: &File, lines: &[Option<&str>]) -> Vec<String> {
    let count = page.text.lines().count();
    let mut found = Vec::new();
    if page.path == "README.md" {
        let (most, bytes) = MAX_README;
        if count > most || page.text.len() > bytes {
            let size = page.text.len();
            found.push(format!(
                "{count} lines and {size} bytes, at most {most} and {bytes}"
            ));
        }
    } else if page.path == "ARCHITECTURE.md" && count > MAX_ARCHITECTURE {
        found.push(format!("{count} lines, at most {MAX_ARCHITECTURE}"));
    } else if page.path.starts_with("docs/") {
        let total: usize = lines.iter().flatten().map(|line| words(line)).sum();
        if total > MAX_PAGE {
            found.push(format!("{total} words, at most {MAX_PAGE}"));
        }
    }
    found
}

/// Each line, or `None` for code and tables.
fn lines(text: &str) -> Vec<Option<&str>> {
    let mut in_code = false;
    text.lines()
        .map(|line| {
            let trimmed = line.trim_start();
            let fence = trimmed.starts_with("```");
            in_code ^= fence;
            let prose =
                !in_code && !fence && !trimmed.starts_with('|') && !trimmed.starts_with("<!--");
            prose.then_some(line)
        })
        .collect()
}

/// Paragraphs and items of lists without headings, each with the number of its first line.
fn paragraphs(lines: &[Option<&str>]) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in lines.iter().enumerate() {
        let line = line.map_or("", str::trim);
        let item = line.starts_with("* ")
            || line.starts_with("- ")
            || line
                .split_once(". ")
                .is_some_and(|(first, _)| first.bytes().all(|byte| byte.is_ascii_digit()));
        if line.is_empty() || line.starts_with('#') {
            open = false;
        } else if open && !item {
            let last = found.last_mut().expect("a paragraph is open");
            last.1.push(' ');
            last.1.push_str(line);
        } else {
            found.push((number + 1, line.to_owned()));
            open = true;
        }
    }
    found
}

fn words(text: &str) -> usize {
    text.split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count()
}

/// The number of words of each sentence.
fn sentences(paragraph: &str) -> impl Iterator<Item = usize> {
    let mut counts = vec![0];
    for word in paragraph.split_whitespace() {
        if word.chars().any(char::is_alphanumeric) {
            *counts.last_mut().expect("there is one") += 1;
        }
        let word = word.trim_end_matches(['"', ')', '*', '`', '_']);
        if word.ends_with(['.', '!', '?', ':']) {
            counts.push(0);
        }
    }
    counts.into_iter().filter(|count| *count > 0)
}

/// The relative targets of links and pictures outside code.
fn links(text: &str) -> Vec<String> {
    let prose = lines(text);
    let tables = text
        .lines()
        .filter(|line| line.trim_start().starts_with('|'));
    prose
        .iter()
        .flatten()
        .copied()
        .chain(tables)
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The anchors of headings, by GitHub's rule.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = lines(text);
    headings
        .iter()
        .flatten()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter_map(|letter| match letter {
                ' ' => Some('-'),
                '-' | '_' => Some(letter),
                letter => letter.is_alphanumeric().then_some(letter),
            });
            kept.collect()
        })
        .collect()
}

/// The path of `target`, seen from the page at `from`.
fn resolved(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn what_is_too_long_is_found() {
    let long = "word ".repeat(20);
    let cases = [
        (
            "docs/a.md",
            "é".repeat(101),
            "line 1 has more than 100 columns",
        ),
        (
            "docs/a.md",
            format!("{}.", "a b c\n".repeat(11).trim()),
            "line 1: a sentence of 33 words",
        ),
        (
            "docs/a.md",
            "a b c d e.\n".repeat(19),
            "line 1: a paragraph of 95 words",
        ),
        (
            "docs/a.md",
            format!("{long}.\n\n{long}.\n\nShort."),
            "1 of 3 sentences",
        ),
        (
            "docs/a.md",
            "A few words.\n\n".repeat(301),
            "903 words, at most 900",
        ),
        ("README.md", "\n".repeat(151), "151 lines and 151 bytes"),
        (
            "ARCHITECTURE.md",
            "\n".repeat(221),
            "221 lines, at most 220",
        ),
    ];
    for (path, text, expected) in cases {
        let found = violations(&File::new(path, &text));
        assert!(
            found.iter().any(|one| one.starts_with(expected)),
            "{expected}: {found:?}"
        );
    }
}

#[test]
fn code_tables_lists_and_links_are_read_as_such() {
    let wide = "x".repeat(120);
    let items = format!("* {}.\n", "a b c d e f g h i j k.").repeat(12);
    for text in [
        format!("```sh\n{wide}\n```"),
        format!("| {wide} |"),
        format!("[here](https://{wide})"),
        items,
    ] {
        assert_eq!(
            violations(&File::new("docs/a.md", &text)),
            [] as [&str; 0],
            "{text}"
        );
    }
}

#[test]
fn a_link_to_no_file_or_no_heading_is_found() {
    let index = File::new(
        "docs/README.md",
        "[a](a.md#two-words) [b](../README.md) [c](gone.md) [d](a.md#gone) [e](#here)\n# Here\n```\n[f](f.md)\n```",
    );
    let page = File::new("docs/a.md", "## Two `words`");
    let exists = |path: &str| ["docs/README.md", "docs/a.md", "README.md"].contains(&path);
    let found = dead_links(&[index, page], exists);
    assert_eq!(
        found,
        [
            "docs/README.md: gone.md is a broken link",
            "docs/README.md: a.md#gone is a broken link",
        ]
    );
}

#[test]
fn a_wording_that_was_mended_is_found() {
    let file = File::new("src/a.rs", "// Sent Behind the answer.");
    assert_eq!(wordings(&file), ["contains \"behind the answer\""]);
}
