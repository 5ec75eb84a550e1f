//! Reading Rust source without compiling it: files, code without its comments and tests, paths,
//! literals.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Relative to the repository, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The shipped code: without comments, without the contents of literals, without items marked
    /// `#[cfg(test)]`.
    pub(crate) fn code(&self) -> String {
        let code = split(&self.text).code;
        if code.contains("#![cfg(test)]") {
            // A file that only has tests: its lines stay, but empty.
            return "\n".repeat(code.lines().count());
        }
        without_tests(&code)
    }

    /// The contents of the string literals in the shipped code.
    pub(crate) fn literals(&self) -> Vec<String> {
        let Split { code, literals } = split(&self.text);
        let code = without_tests(&code);
        let ships = |at: &usize| code.as_bytes()[*at] != b' ';
        literals
            .into_iter()
            .filter(|(at, _)| ships(at))
            .map(|(_, literal)| literal)
            .collect()
    }
}

/// Code and literals, separated.
struct Split {
    /// As long as the text, with comments and the contents of literals blanked.
    code: String,
    /// Each literal's position and contents.
    literals: Vec<(usize, String)>,
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Whether the repository has a file or a folder of this path.
pub(crate) fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// Every Rust file below `folder`, in order.
pub(crate) fn read_rust_files(folder: &str) -> Vec<File> {
    read_files(folder, &["rs"])
}

/// Every file below `folder` with one of these extensions, in order.
pub(crate) fn read_files(folder: &str, endings: &[&str]) -> Vec<File> {
    let has_ending = |path: &Path| {
        path.extension()
            .is_some_and(|ending| endings.iter().any(|own| ending == *own))
    };
    let read = |path: PathBuf| File {
        text: fs::read_to_string(&path).unwrap(),
        path: relative(&path),
    };
    let paths = collect(&root().join(folder));
    paths
        .into_iter()
        .filter(|path| has_ending(path))
        .map(read)
        .collect()
}

/// Every file of the repository that is text, in order.
pub(crate) fn read_texts() -> Vec<File> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).ok()?;
        Some(File::new(&relative(&path), &text))
    };
    collect(&root()).into_iter().filter_map(read).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap()
        .to_str()
        .unwrap()
        .replace('\\', "/")
}

/// Folders that tools fill.
const MADE: [&str; 9] = [
    "target",
    "node_modules",
    "dist",
    "build",
    "packed",
    "vendor",
    ".git",
    ".next",
    ".wrangler",
];

/// The files below a folder, in order.
fn collect(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            paths.push(path);
        } else if !MADE.iter().any(|name| path.ends_with(name)) {
            paths.extend(collect(&path));
        }
    }
    paths.sort();
    paths
}

/// Whether `byte` can be part of an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The positions of `word` as a whole word in `code`.
pub(crate) fn find_words(code: &str, word: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || !is_word(bytes[at - 1]))
        .filter(|at| {
            bytes
                .get(at + word.len())
                .is_none_or(|byte| !is_word(*byte))
        })
        .collect()
}

fn split(text: &str) -> Split {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut literals = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let after_word = at > 0 && is_word(bytes[at - 1]);
        let length = if rest.starts_with(b"//") {
            let length = position(rest, b"\n");
            blank(&mut code[at..at + length]);
            length
        } else if rest.starts_with(b"/*") {
            let length = comment(rest);
            blank(&mut code[at..at + length]);
            length
        } else if let Some((open, close)) = quotes(rest, after_word) {
            let inside = inside(&rest[open..], &close);
            literals.push((
                at,
                String::from_utf8_lossy(&rest[open..open + inside]).into_owned(),
            ));
            blank(&mut code[at + open..at + open + inside]);
            (open + inside + close.len()).min(rest.len())
        } else if let Some(length) = character(rest) {
            blank(&mut code[at + 1..at + length - 1]);
            length
        } else {
            1
        };
        at += length.max(1);
    }
    Split {
        code: String::from_utf8_lossy(&code).into_owned(),
        literals,
    }
}

/// The length of a block comment, nested ones included.
fn comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// The opening length and the closing bytes of a string literal that begins here.
fn quotes(rest: &[u8], after_word: bool) -> Option<(usize, Vec<u8>)> {
    if rest[0] == b'"' {
        return Some((1, b"\"".to_vec()));
    }
    if rest[0] != b'r' || after_word {
        return None;
    }
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    let mut close = b"\"".to_vec();
    close.extend(std::iter::repeat_n(b'#', hashes));
    (rest.get(1 + hashes) == Some(&b'"')).then_some((2 + hashes, close))
}

/// The length of the literal's contents, up to its closing bytes.
fn inside(rest: &[u8], close: &[u8]) -> usize {
    let raw = close.len() > 1;
    let mut at = 0;
    while at < rest.len() && !rest[at..].starts_with(close) {
        at += if rest[at] == b'\\' && !raw { 2 } else { 1 };
    }
    at.min(rest.len())
}

/// The length of a character literal that begins here; a lifetime is not one.
fn character(rest: &[u8]) -> Option<usize> {
    if rest[0] != b'\'' {
        return None;
    }
    let text = std::str::from_utf8(&rest[1..rest.len().min(16)]).unwrap_or_else(|error| {
        std::str::from_utf8(&rest[1..=error.valid_up_to()]).unwrap_or_default()
    });
    if text.starts_with('\\') {
        return Some(2 + text.get(2..)?.find('\'')? + 2);
    }
    let first = text.chars().next()?;
    text[first.len_utf8()..]
        .starts_with('\'')
        .then_some(first.len_utf8() + 2)
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
        .unwrap_or(bytes.len())
}

/// Blanks each item marked `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut bytes = code.as_bytes().to_vec();
    while let Some(at) = String::from_utf8_lossy(&bytes).find("#[cfg(test)]") {
        let length = item(&bytes[at..]);
        blank(&mut bytes[at..at + length]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The length of an item: up to its semicolon, or to the brace that closes its first one.
fn item(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b';' if depth == 0 => return at + 1,
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn comments_literals_and_tests_are_no_code() {
    let text = concat!(
        "// one\n/* two /* three */ */ let a = \"four \\\" five\"; let b = r#\"six\"#; let c = '\"'; f::<'x>(d);\n",
        "#[cfg(test)]\nmod tests { fn seven() { { } } const A: &str = \"eight\"; }\nfn last() {}\n",
    );
    let file = File::new("src/a.rs", text);
    let code = file.code();
    for gone in [
        "one", "two", "three", "four", "five", "six", "seven", "eight",
    ] {
        assert!(!code.contains(gone), "{gone} in {code}");
    }
    assert!(
        code.contains("f::<'x>(d)") && code.contains("fn last()"),
        "{code}"
    );
    assert_eq!(file.literals(), ["four \\\" five", "six"]);
}

#[test]
fn a_word_within_another_is_not_found() {
    assert_eq!(find_words("core hard_core core2 (core)", "core"), [0, 22]);
}
