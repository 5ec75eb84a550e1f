//! The generated parts of the pages in `docs/`. Such a part is between `<!-- generated: name -->`
//! and `<!-- end -->`; the text around it is written by hand.

mod error_codes;
mod metrics;
mod models;
mod settings;

use std::path::PathBuf;

const END: &str = "<!-- end -->";

/// A generated part: its name and its generator.
type Part = (&'static str, fn() -> String);

/// A page and its generated parts.
pub(crate) struct Page {
    pub(crate) file: &'static str,
    parts: &'static [Part],
}

/// Every page with such parts.
pub(crate) const PAGES: &[Page] = &[
    Page {
        file: "settings.md",
        parts: &[("settings", settings::tables)],
    },
    Page {
        file: "error-codes.md",
        parts: &[
            ("problems", error_codes::problems),
            ("failures", error_codes::failures),
        ],
    },
    Page {
        file: "metrics.md",
        parts: &[("metrics", metrics::table_of_metrics)],
    },
    Page {
        file: "models.md",
        parts: &[
            ("providers", models::providers),
            ("prices", models::prices),
            ("inputs", models::inputs),
            ("retired", models::retired),
        ],
    },
];

impl Page {
    pub(crate) fn path(&self) -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), "docs", self.file]
            .iter()
            .collect()
    }

    /// The page's text with its parts generated again. Fails if the markers of a part are missing.
    pub(crate) fn updated(&self, text: &str) -> Result<String, String> {
        self.parts
            .iter()
            .try_fold(text.to_owned(), |text, (name, write)| {
                replaced(&text, name, &write())
                    .ok_or_else(|| format!("docs/{}: no markers of {name}", self.file))
            })
    }
}

fn replaced(text: &str, name: &str, part: &str) -> Option<String> {
    let marker = format!("<!-- generated: {name} -->");
    let (before, rest) = text.split_once(&marker)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!(
        "{before}{marker}\n\n{}\n\n{END}{after}",
        part.trim()
    ))
}

/// A Markdown table.
fn table<const N: usize>(heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let heads = heads.map(str::to_owned);
    let rule = format!("|{}", "---|".repeat(N));
    let rows = rows
        .into_iter()
        .map(|cells| line(&cells.map(|cell| cell.replace('|', "\\|"))));
    [line(&heads), rule]
        .into_iter()
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A word as code.
fn code(word: &str) -> String {
    format!("`{word}`")
}

/// Several of them.
fn codes<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(code).collect();
    words.join(", ")
}
