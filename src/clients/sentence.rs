//! Makes error messages of other services safe to show: one bounded line without markup, keys,
//! signed URLs or the prompt.

use std::iter::Peekable;
use std::str::Chars;

/// The longest text that is passed on, in characters.
const MAX_LENGTH: usize = 500;
/// The shortest part of a prompt that is removed from a text, in characters; a shorter prompt is
/// removed only as a whole.
const MIN_QUOTE: usize = 20;
/// The shortest prompt that is removed, in characters.
const MIN_PROMPT: usize = 4;
/// Prefixes of secrets that services tend to repeat: keys of Google and `OpenAI`, Google's access
/// tokens, JWTs, webhook secrets.
const SECRETS: [&str; 5] = ["AIza", "sk-", "ya29.", "eyJ", "whsec_"];
/// Replaces a secret.
const HIDDEN: &str = "[hidden]";
/// Replaces the prompt.
const PROMPT: &str = "[prompt]";

/// One line of at most 500 characters: control and invisible characters removed, spaces collapsed,
/// keys hidden, URLs without their query. `None` if nothing is left.
pub fn clean(text: &str) -> Option<String> {
    let visible = text.chars().filter(|character| !is_invisible(*character));
    let visible: String = visible
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    let words: Vec<String> = visible.split_whitespace().map(without_secrets).collect();
    let line = bounded(&words.join(" "));
    line.chars().any(char::is_alphanumeric).then_some(line)
}

/// Ends a text with a full stop, unless it already ends with a punctuation mark.
pub fn ended(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', '…', '。', '！', '？']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// Replaces the prompt, and longer parts of it, in a text.
pub fn without_prompt(text: &str, prompt: &str) -> String {
    let prompt: Vec<char> = prompt
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .collect();
    let least = prompt.len().min(MIN_QUOTE);
    if least < MIN_PROMPT {
        return text.to_owned();
    }
    let text: Vec<char> = text.chars().collect();
    let (mut kept, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(character) = text.get(at) {
        let length = longest_quote(text.get(at..).unwrap_or_default(), &prompt, least);
        if length == 0 {
            kept.push(*character);
            at += 1;
        } else {
            kept.push_str(PROMPT);
            at += length;
        }
    }
    kept
}

/// The text of HTML's `<title>`, or of its first heading; `None` if it has neither.
pub fn html_title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    ["title", "h1", "h2"].iter().find_map(|tag| {
        let open = lower.find(&format!("<{tag}"))?;
        let start = open + lower.get(open..)?.find('>')? + 1;
        let end = start + lower.get(start..)?.find(&format!("</{tag}"))?;
        clean(&decoded(&without_tags(page.get(start..end)?)))
    })
}

/// How many characters at the beginning of `text` also occur in the prompt; 0 if fewer than
/// `least`.
fn longest_quote(text: &[char], prompt: &[char], least: usize) -> usize {
    let common = |start: usize| {
        let rest = prompt.get(start..).unwrap_or_default();
        text.iter()
            .zip(rest)
            .take_while(|(one, other)| one == other)
            .count()
    };
    let longest = (0..prompt.len()).map(common).max().unwrap_or(0);
    if longest >= least { longest } else { 0 }
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A word without secrets: the query of a URL, or a key.
fn without_secrets(word: &str) -> String {
    let word = match word
        .split_once("://")
        .and_then(|(_, address)| address.find('?'))
    {
        Some(query) => word
            .get(..word.len().min(word.find("://").unwrap_or(0) + 3 + query))
            .unwrap_or_default(),
        None => word,
    };
    let mut kept = word.to_owned();
    for start in SECRETS {
        let mut from = 0;
        while let Some(at) = kept
            .get(from..)
            .and_then(|rest| rest.find(start))
            .map(|at| at + from)
        {
            let is_secret_part =
                |character: char| character.is_ascii_alphanumeric() || "._-*".contains(character);
            let end = kept
                .get(at..)
                .and_then(|rest| rest.find(|next| !is_secret_part(next)));
            let end = end.map_or(kept.len(), |end| at + end);
            let begins_a_word = !kept
                .get(..at)
                .unwrap_or_default()
                .ends_with(|last: char| last.is_alphanumeric());
            if begins_a_word && end - at >= 12 {
                kept.replace_range(at..end, HIDDEN);
                from = at + HIDDEN.len();
            } else {
                from = at + start.len();
            }
        }
    }
    kept
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(MAX_LENGTH) {
        None => text.to_owned(),
        Some((end, _)) => {
            let last = text
                .char_indices()
                .nth(MAX_LENGTH - 1)
                .map_or(end, |(at, _)| at);
            format!("{}…", text.get(..last).unwrap_or_default())
        }
    }
}

fn without_tags(html: &str) -> String {
    let (mut text, mut inside) = (String::new(), false);
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text
}

/// HTML text with its common character references decoded.
fn decoded(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut characters = html.chars().peekable();
    while let Some(character) = characters.next() {
        match (character == '&')
            .then(|| reference(&mut characters))
            .flatten()
        {
            Some(meant) => text.push(meant),
            None => text.push(character),
        }
    }
    text
}

/// The character that the reference after an ampersand stands for. The reference is consumed only
/// if it is known.
fn reference(characters: &mut Peekable<Chars<'_>>) -> Option<char> {
    let name: String = characters
        .clone()
        .take_while(|character| *character != ';')
        .take(10)
        .collect();
    let meant = match name.as_str() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "middot" => '·',
        "hellip" => '…',
        "rsquo" => '’',
        "copy" => '©',
        "uuml" => 'ü',
        "ouml" => 'ö',
        "auml" => 'ä',
        "eacute" => 'é',
        number => {
            let number = number.strip_prefix('#')?;
            let hexadecimal = number
                .strip_prefix(['x', 'X'])
                .map(|digits| u32::from_str_radix(digits, 16));
            char::from_u32(hexadecimal.unwrap_or_else(|| number.parse()).ok()?)?
        }
    };
    let consumed = name.chars().count();
    if characters.clone().nth(consumed) != Some(';') {
        return None;
    }
    characters.nth(consumed);
    Some(meant)
}

#[cfg(test)]
mod tests {
    use super::{clean, ended, html_title, without_prompt};

    fn cleaned(text: &str) -> String {
        clean(text).unwrap_or_default()
    }

    #[test]
    fn a_text_becomes_one_bounded_line() {
        assert_eq!(
            cleaned("  bad\u{0}\u{200b} key\r\n\tof\u{7f}yours \u{202e}"),
            "bad key of yours"
        );
        let long = cleaned(&"é ".repeat(2_000));
        assert!(long.chars().count() == 500 && long.ends_with('…'), "{long}");
        for nothing in ["", " \n", "\u{200b}", "…", "{}"] {
            assert_eq!(clean(nothing), None, "{nothing:?}");
        }
        assert_eq!(
            [ended("bad key"), ended("No."), ended("Why?")],
            ["bad key.", "No.", "Why?"]
        );
    }

    #[test]
    fn no_key_and_no_signed_address_is_repeated_i12() {
        assert_eq!(
            cleaned("Incorrect API key: sk-proj-abc_DEF-12345. See docs"),
            "Incorrect API key: [hidden] See docs"
        );
        assert_eq!(
            cleaned("key=AIzaSyA1234567890abcdefg; and ya29.a0Ab_cdefghij"),
            "key=[hidden]; and [hidden]"
        );
        assert_eq!(
            cleaned("GET https://h/v.mp4?sig=abc failed"),
            "GET https://h/v.mp4 failed"
        );
        assert_eq!(
            cleaned("a risk-free task-list sk-1"),
            "a risk-free task-list sk-1"
        );
    }

    #[test]
    fn the_prompt_and_long_parts_of_it_are_taken_out() {
        let prompt = "a secret  wish of a user\nwho wants to be alone";
        let quoted = "Bad prompt: \"a secret wish of a user who wants to be alone\".";
        assert_eq!(without_prompt(quoted, prompt), "Bad prompt: \"[prompt]\".");
        assert_eq!(
            without_prompt("Bad: a secret wish of a user who wa...", prompt),
            "Bad: [prompt]..."
        );
        assert_eq!(
            without_prompt("It is a secret why.", prompt),
            "It is a secret why."
        );
        assert_eq!(
            without_prompt("No boats: boat.", "boat"),
            "No [prompt]s: [prompt]."
        );
        assert_eq!(without_prompt("No a", "a"), "No a");
    }

    #[test]
    fn a_page_is_known_by_its_title() {
        for (page, title) in [
            (
                "<html><head><title>403 Forbidden</title></head><h1>No</h1>",
                "403 Forbidden",
            ),
            (
                "<TITLE lang=en>\n Attention Required! &#124; Cloudflare &amp; Co &#x27;s\n</TITLE>",
                "Attention Required! | Cloudflare & Co 's",
            ),
            (
                "<body><h1>401 <b>Authorization</b> Required &unknown; &amp</h1>",
                "401 Authorization Required &unknown; &amp",
            ),
        ] {
            assert_eq!(html_title(page).as_deref(), Some(title));
        }
        for none in ["<title></title>", "<html>", "<title>never ends", "text"] {
            assert_eq!(html_title(none), None, "{none}");
        }
    }
}
