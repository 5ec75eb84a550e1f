//! Checks of a prompt: its length and its visible characters.

use crate::machine::job::MAX_PROMPT;

/// The minimum number of visible characters of a prompt, and the maximum of all characters.
pub const PROMPT_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=MAX_PROMPT;

/// Ranges of invisible characters, besides white space and control characters: Unicode's
/// `Default_Ignorable_Code_Point`, and letters without a visible glyph.
const INVISIBLE: [(char, char); 19] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d159}', '\u{1d159}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// The number of visible characters of a text.
pub(crate) fn visible_characters(text: &str) -> usize {
    text.chars()
        .filter(|character| is_visible(*character))
        .count()
}

fn is_visible(character: char) -> bool {
    let hidden = INVISIBLE
        .into_iter()
        .any(|(first, last)| (first..=last).contains(&character));
    !(hidden || character.is_whitespace() || character.is_control())
}

/// What is wrong with a prompt; `None` if it is valid.
pub(crate) fn check_prompt(prompt: &str) -> Option<String> {
    let (fewest, most) = PROMPT_CHARACTERS.into_inner();
    let fits = visible_characters(prompt) >= fewest && prompt.chars().count() <= most;
    (!fits).then(|| {
        format!("must have {fewest} to {most} characters, at least {fewest} of them visible")
    })
}

/// What is wrong with words that are added to a prompt; `None` if they are valid.
pub(crate) fn check_response(response: &str) -> Option<String> {
    let fits = visible_characters(response) > 0 && response.chars().count() <= MAX_PROMPT;
    (!fits).then(|| format!("must have 1 to {MAX_PROMPT} characters, at least one of them visible"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_not_counted() {
        for hidden in [
            "   ",
            "\u{200b}\u{200b}\u{200b}",
            "\u{feff}\u{2060}\u{ad}",
            "\u{3164}\u{3164}\u{3164}",
            "\u{2800}\u{2800}\u{2800}",
            "\u{fe0f}\u{fe0f}\u{fe0f}",
            "\u{e0041}\u{e0042}\u{e0043}",
            "\0\u{1}\u{1b}\u{7f}\u{85}",
            "\u{202e}\u{2066}\u{2069}",
            "\u{a0}\u{3000}\u{2003}\u{2028}",
        ] {
            assert_eq!(visible_characters(hidden), 0, "{hidden:?}");
            assert!(
                check_prompt(hidden).is_some() && check_response(hidden).is_some(),
                "{hidden:?}"
            );
        }
    }

    #[test]
    fn a_prompt_in_any_writing_is_counted_by_what_shows() {
        for (text, count) in [
            ("a b", 2),
            ("a\u{200b}b\u{200b}c", 3),
            ("小狗跑", 3),
            ("👨\u{200d}👩\u{200d}👧", 3),
            ("ক্ষ", 3),
        ] {
            assert_eq!(visible_characters(text), count, "{text}");
        }
    }
}
