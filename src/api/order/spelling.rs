//! Other spellings of names, and misspelt names.

/// The longest name that is compared with the names of the fields, in bytes.
const MAX_COMPARED: usize = 40;
/// A name of at least this length may have two wrong letters; a shorter one may have one.
const LONG_NAME: usize = 7;
/// The shortest name that may have a wrong letter.
const SHORTEST_MISSPELT: usize = 5;

/// A name in `snake_case` as camelCase; any other name as it is.
pub(crate) fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters
            .peek()
            .filter(|next| next.is_ascii_lowercase() || next.is_ascii_digit())
            .copied();
        match next {
            Some(next) if letter == '_' && !camel.is_empty() => {
                letters.next();
                camel.push(next.to_ascii_uppercase());
            }
            _ => camel.push(letter),
        }
    }
    camel
}

/// Whether `key` may be a misspelling of `name`.
pub(crate) fn is_near(key: &str, name: &str) -> bool {
    if key.len() > MAX_COMPARED {
        return false;
    }
    let plain = |text: &str| -> Vec<char> {
        text.chars()
            .filter(|letter| letter.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let (key, name) = (plain(key), plain(name));
    let allowed = match name.len() {
        LONG_NAME.. => 2,
        SHORTEST_MISSPELT.. => 1,
        _ => 0,
    };
    distance(&key, &name) <= allowed
}

/// The number of letters that must be added, removed, replaced or swapped with the next one.
fn distance(one: &[char], other: &[char]) -> usize {
    let width = other.len() + 1;
    let mut rows: Vec<Vec<usize>> = vec![(0..width).collect()];
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, wanted) in other.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(letter != wanted);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && one[i - 1] == *wanted && *letter == other[j - 1] {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

/// A key as a part of a JSON pointer (RFC 6901, section 3).
pub(crate) fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case_becomes_camel_case_and_nothing_else_changes() {
        for (name, camel) in [
            ("aspect_ratio", "aspectRatio"),
            ("start_timeout_ms", "startTimeoutMs"),
            ("aspectRatio", "aspectRatio"),
            ("_seed", "_seed"),
            ("seed_", "seed_"),
            ("A_b", "AB"),
            ("a__b", "a_B"),
            ("ä_ö", "ä_ö"),
            ("", ""),
        ] {
            assert_eq!(camel_case(name), camel, "{name}");
        }
    }

    #[test]
    fn a_distance_counts_letters() {
        let of = |one: &str, other: &str| {
            distance(
                &one.chars().collect::<Vec<_>>(),
                &other.chars().collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            [
                of("", "ab"),
                of("ab", "ab"),
                of("ab", "ba"),
                of("abc", "ac"),
                of("abc", "xyz")
            ],
            [2, 0, 1, 1, 3]
        );
    }
}
