//! The paths in a Rust file: what its `use` items import, and the paths written in its code.

use crate::source::is_word;
use std::collections::BTreeSet;

/// A name that a `use` item brings into a module.
pub(super) struct Import {
    /// As written, such as `["super", "call", "Call"]`. A glob has the path of its module.
    pub(super) path: Vec<String>,
    /// The name within the module; `*` for a glob.
    pub(super) name: String,
    /// Whether it is a `pub use`, with or without a limit.
    pub(super) exported: bool,
}

#[derive(Default)]
pub(super) struct Paths {
    pub(super) imports: Vec<Import>,
    /// Paths of two segments or more outside `use` items.
    pub(super) inline: Vec<Vec<String>>,
    /// Every word outside `use` items and the names of modules.
    pub(super) words: BTreeSet<String>,
}

/// Reads `code` without comments, tests and the contents of literals.
pub(super) fn read(code: &str) -> Paths {
    let tokens = tokens(code);
    let mut paths = Paths::default();
    // Whether each open brace begins an inline module, in which `super` is the file itself.
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let inner = braces.iter().filter(|is_module| **is_module).count();
        match tokens[at] {
            "{" => braces.push(at >= 2 && tokens[at - 2] == "mod"),
            "}" => drop(braces.pop()),
            "use" if tokens.get(at + 1).is_some_and(|next| *next != "<") => {
                let exported = is_public(&tokens[..at]);
                let mut tree = Tree {
                    tokens: &tokens,
                    at: at + 1,
                    found: Vec::new(),
                };
                tree.read(&[]);
                at = tree.at;
                let imports = tree
                    .found
                    .into_iter()
                    .map(|(path, name)| (from_file(path, inner), name));
                paths.imports.extend(imports.map(|(path, name)| Import {
                    path,
                    name,
                    exported,
                }));
            }
            // `mod name;` uses nothing.
            "mod" => at += 1,
            word if is_name(word) => {
                let path = path(&tokens[at..]);
                let continues = at > 0 && matches!(tokens[at - 1], "::" | ".");
                at += path.len() * 2 - 2;
                paths.words.extend(path.iter().cloned());
                if path.len() > 1 && !continues {
                    paths.inline.push(from_file(path, inner));
                }
            }
            _ => {}
        }
        at += 1;
    }
    paths
}

/// A path written inside this many inline modules, as the file itself would write it.
fn from_file(mut path: Vec<String>, inline_modules: usize) -> Vec<String> {
    let own = path
        .iter()
        .take(inline_modules)
        .take_while(|segment| *segment == "super")
        .count();
    if own > 0 {
        path.splice(..own, ["self".to_owned()]);
    }
    path
}

/// Whether the tokens before an item make it public.
fn is_public(before: &[&str]) -> bool {
    let end = match before.last() {
        Some(&")") => before.iter().rposition(|token| *token == "(").unwrap_or(0),
        _ => before.len(),
    };
    before[..end].last() == Some(&"pub")
}

/// The path that begins with the first token.
fn path(tokens: &[&str]) -> Vec<String> {
    let mut path = vec![tokens[0].to_owned()];
    for pair in tokens[1..].chunks_exact(2) {
        if pair[0] != "::" || !is_name(pair[1]) {
            break;
        }
        path.push(pair[1].to_owned());
    }
    path
}

/// The tree of a `use` item, read up to its semicolon.
struct Tree<'a> {
    tokens: &'a [&'a str],
    at: usize,
    found: Vec<(Vec<String>, String)>,
}

impl Tree<'_> {
    /// Reads one branch below `prefix`, up to the comma, brace or semicolon after it.
    fn read(&mut self, prefix: &[String]) {
        let mut path = prefix.to_vec();
        let mut name = None;
        while let Some(token) = self.tokens.get(self.at).copied() {
            match token {
                ";" | "," | "}" => break,
                "{" => return self.read_group(&path),
                "*" => name = Some("*".to_owned()),
                "as" => {
                    self.at += 1;
                    name = self.tokens.get(self.at).map(|alias| (*alias).to_owned());
                }
                "self" if !path.is_empty() => {}
                word if is_name(word) => path.push(word.to_owned()),
                _ => {}
            }
            self.at += 1;
        }
        if let Some(name) = name.or_else(|| path.last().cloned()) {
            self.found.push((path, name));
        }
    }

    /// Reads the branches in braces, the closing one included.
    fn read_group(&mut self, prefix: &[String]) {
        self.at += 1;
        while let Some(token) = self.tokens.get(self.at).copied() {
            match token {
                "}" => {
                    self.at += 1;
                    return;
                }
                "," => self.at += 1,
                ";" => return,
                _ => self.read(prefix),
            }
        }
    }
}

fn is_name(token: &str) -> bool {
    token.bytes().all(is_word) && !token.as_bytes()[0].is_ascii_digit()
}

/// Words, `::`, and every other byte that is not a space.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while !rest.is_empty() {
        let word = rest.bytes().take_while(|byte| is_word(*byte)).count();
        let length = match word {
            0 if rest.starts_with("::") => 2,
            0 => rest.chars().next().map_or(1, char::len_utf8),
            _ => word,
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

#[test]
fn every_form_of_a_use_item_is_read() {
    let code = "use a::b; pub use a::{self, b::{C, D as E}, f::*,}; pub(crate) use super::g; mod m { use super::h; }\n\
        fn f() -> impl Sized + use<'a> { use i::j; }";
    let imports: Vec<String> = read(code)
        .imports
        .iter()
        .map(|import| {
            format!(
                "{}{} as {}",
                if import.exported { "pub " } else { "" },
                import.path.join("::"),
                import.name
            )
        })
        .collect();
    assert_eq!(
        imports,
        [
            "a::b as b",
            "pub a as a",
            "pub a::b::C as C",
            "pub a::b::D as E",
            "pub a::f as *",
            "pub super::g as g",
            "self::h as h",
            "i::j as j",
        ]
    );
}

#[test]
fn paths_within_code_are_read() {
    let paths = read(
        "mod n; use a::b;\npub(crate) fn f(x: crate::c::D<E>) { g::h(x.i.j); self::k :: l!(m) }",
    );
    let inline: Vec<String> = paths.inline.iter().map(|path| path.join("::")).collect();
    assert_eq!(inline, ["crate::c::D", "g::h", "self::k::l"]);
    assert!(paths.words.contains("D") && !paths.words.contains("b") && !paths.words.contains("n"));
}
