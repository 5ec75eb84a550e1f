//! The tables of variables. The parser's own error says what a value must be: it gets a value that
//! no variable accepts.

use super::{code, table};
use reelay::config::Config;
use reelay::config::reference::{DefaultValue, SETTINGS, Variable, VariableGroup};

/// Settings that are valid, with every provider set up.
const VALID: &str = include_str!("../../../.dev.vars");
/// A value that no variable accepts.
const BAD: &str = "\u{1}";

pub(super) fn tables() -> String {
    let groups: Vec<String> = SETTINGS.iter().map(group).collect();
    groups.join("\n\n")
}

fn group(group: &VariableGroup) -> String {
    let rows = group.settings.iter().map(|variable| {
        let secret = if variable.is_secret { ", secret" } else { "" };
        [
            format!("{}{secret}", code(variable.name)),
            default(variable),
            wanted(variable.name),
            variable.meaning.to_owned(),
        ]
    });
    let rows = table(["variable", "default", "must be", "meaning"], rows);
    format!("### {}\n\n{rows}", group.title)
}

fn default(variable: &Variable) -> String {
    match variable.default {
        DefaultValue::Required => "required".to_owned(),
        DefaultValue::None => "none".to_owned(),
        // The parser ignores a space after a comma; in a page it allows a line break.
        DefaultValue::Value(value) => code(&value.replace(',', ", ")),
        DefaultValue::Words(words) => words.to_owned(),
    }
}

/// What the variable must be, from the parser's error.
fn wanted(name: &str) -> String {
    let value = |wanted: &str| {
        if wanted == name {
            return Some(BAD.to_owned());
        }
        VALID.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name == wanted).then(|| value.to_owned())
        })
    };
    let errors = Config::parse(&value)
        .err()
        .unwrap_or_else(|| panic!("{name} accepts any value"));
    // A wrong `ENVIRONMENT` also makes the secrets of `.dev.vars` wrong.
    let error = errors.list().iter().find(|error| error.variable == name);
    let error = error.unwrap_or_else(|| panic!("{name}: {errors}"));
    let wanted = error.wanted.split(", but ").next().unwrap_or_default();
    wanted.to_owned()
}
