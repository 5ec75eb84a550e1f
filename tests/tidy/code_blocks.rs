//! Every block of code in the documentation is run by a test, or says above it that none runs it.

use crate::source::File;

/// The mark, on the line above a block: `<!-- not run: why -->`.
const MARK: &str = "<!-- not run: ";

/// Languages of blocks that can be run. Others show data, output or a picture.
const CODE: [&str; 10] = [
    "sh", "bash", "js", "jsx", "ts", "tsx", "python", "rust", "sql", "yaml",
];

/// Pages whose blocks of a language a test runs or builds, with the file that does.
const RUN: &[(&str, &[&str], &str)] = &[
    (
        "README.md",
        &["ts", "tsx"],
        "scripts/tests/quickstart.test.mjs",
    ),
    (
        "docs/quickstart.md",
        &["ts", "tsx"],
        "scripts/lib/quickstart.mjs",
    ),
    (
        "deploy/nextjs.md",
        &["ts", "tsx"],
        "scripts/lib/next_apps.mjs",
    ),
    ("packages/client/README.md", &["ts"], READMES),
    ("packages/ai-sdk-provider/README.md", &["ts"], READMES),
    ("docs/curl.md", &["sh"], COMMANDS),
    ("docs/demo.md", &["sh"], COMMANDS),
    ("docs/operating.md", &["sh"], COMMANDS),
    ("docs/orders.md", &["sh"], COMMANDS),
    ("docs/steering.md", &["sh"], COMMANDS),
    ("docs/webhooks.md", &["sh"], COMMANDS),
    (
        "docs/verify-webhooks.md",
        &["python"],
        "scripts/tests/verify_webhooks.test.mjs",
    ),
];

/// Compiles the code of the packages' pages.
const READMES: &str = "scripts/packages.mjs";
/// Sends the commands of pages.
const COMMANDS: &str = "tests/workerd/commands.rs";

/// Blocks of a page that no test runs and that do not say so, and blocks without a language.
pub(crate) fn unmarked(page: &File) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = false;
    let mut above = "";
    for (number, line) in page.text.lines().enumerate() {
        let trimmed = line.trim_start();
        if let Some(language) = trimmed.strip_prefix("```") {
            if !open {
                found.extend(
                    problem(page, language.trim(), above)
                        .map(|why| format!("line {}: {why}", number + 1)),
                );
            }
            open = !open;
        }
        above = trimmed;
    }
    found
}

fn problem(page: &File, language: &str, above: &str) -> Option<&'static str> {
    let is_marked = above
        .strip_prefix(MARK)
        .and_then(|rest| rest.strip_suffix(" -->"))
        .is_some_and(|why| !why.trim().is_empty());
    let is_run = RUN
        .iter()
        .any(|(path, languages, _)| *path == page.path && languages.contains(&language));
    if CODE.contains(&language) {
        (!is_run && !is_marked).then_some(
            "no test runs this block: add it to one, or write `<!-- not run: why -->` above it",
        )
    } else {
        is_marked.then_some("a block that shows no code needs no mark")
    }
}

/// Files of [`RUN`] that do not name the page whose blocks they run.
pub(crate) fn not_run(read: impl Fn(&str) -> String) -> Vec<String> {
    RUN.iter()
        .filter(|(page, _, runner)| {
            let name = page.trim_start_matches("docs/").trim_end_matches(".md");
            let name = name.rsplit('/').next().unwrap_or(name);
            !read(runner).contains(name)
        })
        .map(|(page, _, runner)| format!("{runner} does not name {page}"))
        .collect()
}

#[test]
fn a_block_that_no_test_runs_is_found() {
    let cases = [
        ("docs/a.md", "```sh\nls\n```", 1),
        (
            "docs/a.md",
            "<!-- not run: lists a folder -->\n```sh\nls\n```",
            0,
        ),
        ("docs/a.md", "<!-- not run:  -->\n```sh\nls\n```", 1),
        ("docs/a.md", "<!-- not run: why -->\n\n```sh\nls\n```", 1),
        ("docs/a.md", "```json\n{}\n```\n\n```\ntext\n```", 0),
        ("docs/a.md", "<!-- not run: why -->\n```json\n{}\n```", 1),
        ("docs/curl.md", "```sh\nls\n```", 0),
        ("docs/curl.md", "```ts\nlet a;\n```", 1),
        ("docs/curl.md", "<!-- not run: why -->\n```sh\nls\n```", 0),
    ];
    for (path, text, expected) in cases {
        let found = unmarked(&File::new(path, text));
        assert_eq!(found.len(), expected, "{path}: {text:?}: {found:?}");
    }
}

#[test]
fn a_test_that_does_not_name_its_page_is_found() {
    assert_eq!(not_run(|_| String::new()).len(), RUN.len());
}
