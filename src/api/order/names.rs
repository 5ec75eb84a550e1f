//! The meaning of a key of an order.

use crate::api::order::field::{Field, Row, TABLE};
use crate::api::order::spelling::{camel_case, is_near};
use crate::api::order::vendor::{VENDORS, Vendor};
use serde_json::Value;

/// The meaning of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Field(Field),
    /// A vendor's field whose value equals the default behaviour.
    Harmless,
    /// A vendor's field that no model supports; the text says what to do instead.
    Refused(&'static str),
    /// An unknown key; with the name of the field that it resembles, if any.
    Unknown(Option<&'static str>),
}

/// The meaning of a key in camelCase or `snake_case`, with its value.
pub(crate) fn meaning(key: &str, value: &Value) -> Meaning {
    let name = camel_case(key);
    if let Some(row) = TABLE.iter().find(|row| is_called(row, &name)) {
        return Meaning::Field(row.field);
    }
    match VENDORS
        .iter()
        .find(|vendor: &&Vendor| vendor.names.contains(&name.as_str()))
    {
        Some(vendor) if vendor.takes(value) => Meaning::Harmless,
        Some(vendor) => Meaning::Refused(vendor.detail),
        None => Meaning::Unknown(suggestion(key)),
    }
}

/// The fields that have further names, with these names in camelCase.
pub fn other_names() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    TABLE
        .iter()
        .filter(|row| !row.others.is_empty())
        .map(|row| (row.name, row.others))
}

fn is_called(row: &Row, name: &str) -> bool {
    row.name == name || row.others.contains(&name)
}

/// The first field with a name that resembles the key.
fn suggestion(key: &str) -> Option<&'static str> {
    let near = |row: &&Row| {
        row.others
            .iter()
            .copied()
            .chain([row.name])
            .any(|name| is_near(key, name))
    };
    TABLE.iter().find(near).map(|row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn no_vendors_name_is_one_of_the_fields_or_stands_twice() {
        let names: Vec<&str> = VENDORS
            .iter()
            .flat_map(|vendor| vendor.names)
            .copied()
            .collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(
            !names
                .iter()
                .any(|name| TABLE.iter().any(|row| is_called(row, name)))
        );
    }

    #[test]
    fn a_near_miss_is_told_the_right_name() {
        for (key, name) in [
            ("aspectratio", "aspectRatio"),
            ("AspectRatio", "aspectRatio"),
            ("aspect-ratio", "aspectRatio"),
            ("asepctRatio", "aspectRatio"),
            ("negativPrompt", "negativePrompt"),
            ("Seed", "seed"),
            ("durations", "duration"),
            ("lastframe", "lastFrame"),
        ] {
            assert_eq!(
                meaning(key, &json!(1)),
                Meaning::Unknown(Some(name)),
                "{key}"
            );
        }
        for key in [
            "mine",
            "projectId",
            "x",
            "",
            "need",
            &"aspectRatio".repeat(9),
        ] {
            assert_eq!(meaning(key, &json!(1)), Meaning::Unknown(None), "{key}");
        }
    }
}
