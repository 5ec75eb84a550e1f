//! Which room may use which, as in ARCHITECTURE.md.

use crate::source::{File, find_words, is_word};

/// Names and units that every room may use.
const GROUND: [&str; 4] = ["time", "money", "ids", "address"];

/// Each room with the rooms it may name besides itself and the ground. `lib.rs` may name all.
const ROOMS: [(&str, &[&str]); 19] = [
    ("time", &[]),
    ("money", &[]),
    ("ids", &[]),
    ("address", &[]),
    ("clock", &[]),
    ("variables", &[]),
    ("signed_url", &[]),
    ("machine", &[]),
    // The models are data for checking an order; they know only the machine.
    ("models", &["machine"]),
    ("generation", &["machine"]),
    ("log", &["machine", "clock"]),
    ("store", &["machine"]),
    ("clients", &["machine", "clock"]),
    // Each provider reads its own settings.
    ("upstream", &["machine", "clients", "clock", "variables"]),
    ("webhooks", &["machine", "generation", "clients", "clock"]),
    (
        "config",
        &["machine", "models", "variables", "signed_url", "upstream"],
    ),
    (
        "objects",
        &[
            "machine",
            "generation",
            "store",
            "clients",
            "upstream",
            "webhooks",
            "config",
            "clock",
            "log",
        ],
    ),
    ("dispatch", &["machine", "objects", "clock"]),
    (
        "api",
        &[
            "machine",
            "models",
            "generation",
            "store",
            "clients",
            "upstream",
            "webhooks",
            "config",
            "objects",
            "dispatch",
            "clock",
            "log",
        ],
    ),
];

pub(crate) fn violations(file: &File) -> Vec<String> {
    let Some(room) = room(&file.path) else {
        return Vec::new();
    };
    let Some((_, allowed)) = ROOMS.into_iter().find(|(name, _)| *name == room) else {
        return vec![format!("the room {room} is not in ARCHITECTURE.md")];
    };
    let code = file.code();
    let mut named = named_from(&code, "crate");
    named.extend(named_from(&code, &way_to_the_root(&file.path)));
    let may = |name: &str| name == room || allowed.contains(&name) || GROUND.contains(&name);
    named.retain(|name| !may(name));
    named.sort();
    named.dedup();
    named
        .into_iter()
        .map(|name| format!("{room} may not name {name}"))
        .collect()
}

/// The room that a file belongs to; `None` for the front door.
fn room(path: &str) -> Option<&str> {
    let path = path.strip_prefix("src/")?;
    let room = path.split('/').next()?.trim_end_matches(".rs");
    (room != "lib").then_some(room)
}

/// `super`, repeated up to the crate's root.
fn way_to_the_root(path: &str) -> String {
    vec!["super"; path.split('/').count() - 1].join("::")
}

/// The first names after `{root}::`, including those in braces.
fn named_from(code: &str, root: &str) -> Vec<String> {
    find_words(code, root)
        .into_iter()
        .filter(|at| !code[..*at].trim_end().ends_with("super::"))
        .filter_map(|at| code[at + root.len()..].trim_start().strip_prefix("::"))
        .flat_map(|rest| first_names(rest.trim_start()))
        .collect()
}

fn first_names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        return vec![first_name(rest)];
    };
    let mut names = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, byte) in group.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b',' | b'}' if depth == 0 => {
                names.push(first_name(&group[start..at]));
                start = at + 1;
                if byte == b'}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn first_name(path: &str) -> String {
    let path = path.trim_start();
    if path.starts_with('*') {
        return "*".to_owned();
    }
    path.bytes()
        .take_while(|byte| is_word(*byte))
        .map(char::from)
        .collect()
}

#[test]
fn a_machine_that_names_the_store_is_found() {
    let file = File::new(
        "src/machine/job.rs",
        "use crate::store::job;\nuse crate::time::Millis;",
    );
    assert_eq!(violations(&file), ["machine may not name store"]);
}

#[test]
fn names_in_braces_and_within_expressions_are_found() {
    let file = File::new(
        "src/store/job.rs",
        "use crate::{machine::{job, lease}, clients::{self, r2}, ids};\nfn f() { crate :: api::go(); }",
    );
    assert_eq!(
        violations(&file),
        ["store may not name api", "store may not name clients"]
    );
}

#[test]
fn the_way_over_super_is_found() {
    assert_eq!(
        violations(&File::new("src/store.rs", "use super::api::Call;")),
        ["store may not name api"]
    );
    assert_eq!(
        violations(&File::new("src/store/a.rs", "use super::super::objects;")),
        ["store may not name objects"]
    );
    assert!(violations(&File::new("src/store/a.rs", "use super::api;")).is_empty());
}

#[test]
fn naming_everything_is_found() {
    assert_eq!(
        violations(&File::new("src/api/a.rs", "use crate::*;")),
        ["api may not name *"]
    );
}

#[test]
fn a_new_room_must_be_entered_in_the_table() {
    assert_eq!(
        violations(&File::new("src/attic/a.rs", "")),
        ["the room attic is not in ARCHITECTURE.md"]
    );
}

#[test]
fn comments_tests_and_allowed_names_are_no_violation() {
    let text =
        "//! [`crate::api`]\nuse crate::machine::job;\n#[cfg(test)]\nmod tests { use crate::api; }";
    assert!(violations(&File::new("src/store/a.rs", text)).is_empty());
}

#[test]
fn no_two_rooms_know_each_other() {
    for (room, allowed) in ROOMS {
        for other in allowed {
            let (_, back) = ROOMS.into_iter().find(|(name, _)| name == other).unwrap();
            assert!(!back.contains(&room), "{room} and {other} know each other");
        }
    }
}
