//! No two files depend on each other.
//!
//! A Rust file depends on another file of its crate if a `use` item or a path in it leads to
//! something that the other file defines. `crate`, `super`, groups, renamed imports and imports of
//! imports are followed. Parents and their children count too. Not counted are:
//!
//! * `mod child;`, and a `pub use` of a name that the file does not mention otherwise, because a
//!   folder's index does not need what it lists,
//! * items marked `#[cfg(test)]`, comments and literals,
//! * methods: a method call names no file,
//! * names imported by a glob, except the module of the glob itself.
//!
//! A script depends on each file that it imports or exports from by a relative path, types
//! included.

mod graph;
mod modules;
mod paths;
mod scripts;

use crate::source::File;
use graph::Circle;
use std::collections::BTreeMap;

/// The circles in each crate.
pub(crate) fn of_crates(files: &[File]) -> Vec<String> {
    let circles = crates(files)
        .into_iter()
        .flat_map(|(folder, files)| in_crate(folder, &files));
    circles.map(|circle| circle.to_string()).collect()
}

/// The circles among scripts.
pub(crate) fn of_scripts(files: &[File]) -> Vec<String> {
    let sources: Vec<File> = files
        .iter()
        .filter(|file| file.path.contains("/src/"))
        .cloned()
        .collect();
    scripts::dependencies(&sources)
        .circles()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn in_crate(folder: &str, files: &[&File]) -> Vec<Circle> {
    modules::dependencies(folder, files).circles()
}

/// The files of each crate, by the folder of its source.
fn crates(files: &[File]) -> BTreeMap<&str, Vec<&File>> {
    let mut crates: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in files {
        let folder = match file.path.find("/src/") {
            Some(at) => &file.path[..at + "/src".len()],
            None if file.path.starts_with("src/") => "src",
            None => continue,
        };
        crates.entry(folder).or_default().push(file);
    }
    crates
}

/// The circles in a crate with these paths and texts.
#[cfg(test)]
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<File> = files
        .iter()
        .map(|(path, text)| File::new(path, text))
        .collect();
    let files: Vec<&File> = files.iter().collect();
    in_crate("src", &files)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_circle_of_two_is_found() {
    let files = [
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a.rs", "use crate::b::B;"),
        ("src/b.rs", "use crate::a::A;"),
    ];
    assert_eq!(found(&files), ["src/a.rs -> src/b.rs -> src/a.rs"]);
}

#[test]
fn a_circle_of_three_is_found_in_its_order_with_those_that_hang_on_it() {
    let mut files = vec![
        ("src/a.rs", "use crate::c::C;"),
        ("src/b.rs", "fn f() -> crate::a::A { todo!() }"),
        ("src/c.rs", "use crate::b;"),
    ];
    let circle = "src/a.rs -> src/c.rs -> src/b.rs -> src/a.rs";
    assert_eq!(found(&files), [circle]);
    files.extend([
        ("src/d.rs", "use crate::{a, e};"),
        ("src/e.rs", "use crate::d;"),
        ("src/f.rs", "use crate::a;"),
    ]);
    assert_eq!(found(&files), [circle, "src/d.rs -> src/e.rs -> src/d.rs"]);
    files[2].1 = "use crate::b; use crate::d::D;";
    let joined =
        "src/d.rs -> src/e.rs -> src/d.rs (in circles with them: src/a.rs, src/b.rs, src/c.rs)";
    assert_eq!(found(&files), [joined]);
}

#[test]
fn a_circle_through_super_is_found() {
    let siblings = [
        ("src/a.rs", "mod b; mod c;"),
        ("src/a/b.rs", "use super::c::C;"),
        ("src/a/c.rs", "fn f() { super::super::a::b::g() }"),
    ];
    assert_eq!(found(&siblings), ["src/a/b.rs -> src/a/c.rs -> src/a/b.rs"]);
    let parent = [
        ("src/a.rs", "mod b; struct A; fn f() { b::g() }"),
        ("src/a/b.rs", "use super::A;"),
    ];
    assert_eq!(found(&parent), ["src/a.rs -> src/a/b.rs -> src/a.rs"]);
}

#[test]
fn a_circle_through_a_group_is_found() {
    let files = [
        ("src/a.rs", "use crate::{d, b::{self, c::{C as Other, E}}};"),
        ("src/b/c.rs", "use crate::a::{A, F};"),
        ("src/b.rs", "pub mod c;"),
        ("src/d.rs", ""),
    ];
    assert_eq!(found(&files), ["src/a.rs -> src/b/c.rs -> src/a.rs"]);
}

#[test]
fn a_circle_through_what_a_parent_shows_of_its_children_is_found() {
    let files = [
        (
            "src/a.rs",
            "mod b; mod c; pub use b::B; pub(crate) use c::*; use c::C;",
        ),
        ("src/a/b.rs", "use super::C;"),
        ("src/a/c.rs", "use crate::a::B;"),
    ];
    assert_eq!(found(&files), ["src/a/b.rs -> src/a/c.rs -> src/a/b.rs"]);
    let used = [
        ("src/a.rs", "mod b; pub use b::B; fn f(b: B) {}"),
        ("src/a/b.rs", "use super::f;"),
    ];
    assert_eq!(found(&used), ["src/a.rs -> src/a/b.rs -> src/a.rs"]);
}

#[test]
fn harmless_files_have_no_circle() {
    let map = [
        ("src/lib.rs", "mod a; mod time; pub use a::A;"),
        (
            "src/a.rs",
            "//! [`crate::a::b`]\npub mod b; mod c; pub use b::B; pub use c::C; pub struct A;",
        ),
        (
            "src/a/b.rs",
            "use super::{A, C}; use serde::a; use time::Millis;",
        ),
        (
            "src/a/c.rs",
            "use crate::a::A; #[cfg(test)] mod tests { use super::super::B; }",
        ),
        (
            "src/time.rs",
            "use self::inner::X; mod inner { use super::Y; } fn f() { Y::new(\"crate::a::A\") }",
        ),
    ];
    assert_eq!(found(&map), Vec::<String>::new());
}

#[test]
fn crates_are_told_apart() {
    let file = |path: &str, text: &str| File::new(path, text);
    let files = [
        file("tools/x/src/main.rs", "mod b; use b::B;"),
        file("tools/x/src/b.rs", "use crate::f;"),
        file("tools/y/src/b.rs", "use crate::main;"),
        file("tools/y/tests/main.rs", "use crate::b;"),
    ];
    assert_eq!(
        of_crates(&files),
        ["tools/x/src/b.rs -> tools/x/src/main.rs -> tools/x/src/b.rs"]
    );
}

#[test]
fn a_circle_of_scripts_is_found() {
    let files = [
        File::new(
            "packages/p/src/a.ts",
            "import { b } from './lib/b.js';\nimport \"other\";",
        ),
        File::new(
            "packages/p/src/lib/b.ts",
            "export type {\n  C,\n} from \"../c.js\";",
        ),
        File::new("packages/p/src/c.ts", "const a = await import(\"./a\");"),
        File::new("packages/p/src/d.ts", "import { a } from \"./a.js\";"),
        File::new(
            "packages/p/test/e.mjs",
            "import \"./e.mjs\"; import \"../src/a.ts\";",
        ),
    ];
    let circle = "packages/p/src/a.ts -> packages/p/src/lib/b.ts -> packages/p/src/c.ts -> packages/p/src/a.ts";
    assert_eq!(of_scripts(&files), [circle]);
    assert!(of_scripts(&files[..2]).is_empty());
}
