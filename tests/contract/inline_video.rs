//! Answers cut anywhere, and what is no video in them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use reelay::upstream::google::inline_video::{Broken, InlineVideo, MAX_DEPTH, decode};
use serde_json::{Value, json};
use std::fmt::Write;

/// Feeds a text in pieces of these sizes, over and over.
fn read(text: &[u8], sizes: &[usize]) -> Result<Vec<u8>, Broken> {
    let (mut video, mut decoded, mut rest) = (InlineVideo::default(), Vec::new(), text);
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(*sizes.next().expect("at least one size")));
        video.feed(piece, &mut decoded)?;
        rest = after;
    }
    video.finish().map(|()| decoded)
}

/// What two ordinary readers make of it. Fields come in the order of their names.
fn reference(text: &[u8]) -> Option<Vec<u8>> {
    let answer: Value = serde_json::from_slice(text).ok()?;
    let mut roots = answer.as_object()?.iter().filter(|(name, _)| ["response", "videos"].contains(&name.as_str()));
    let base64 = roots.find_map(|(_, root)| first_video(root))?;
    STANDARD.decode(base64).ok()
}

fn first_video(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(first_video),
        Value::Object(fields) => fields.iter().find_map(|(name, field)| match name.as_str() {
            "bytesBase64Encoded" => field.as_str().filter(|base64| !base64.is_empty()),
            "response" | "videos" => first_video(field),
            _ => None,
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[test]
fn the_video_is_found_however_the_answer_is_cut() {
    let text = br#"{ "name" : "p/o", "done":true , "response":{"@type":"t","raiMediaFilteredCount":0,
            "videos":[ {"mimeType":"video\/mp4", "bytesBase64Encoded" : "aGVsbG8\u002fd29ybGQ\/Pz8\u003d" }, {"bytesBase64Encoded":"eHh4"} ] } }
            "#;
    let expected = reference(text).expect("valid");
    for size in 1..=text.len() {
        assert_eq!(read(text, &[size]).as_ref(), Ok(&expected), "{size}");
    }
}

#[test]
fn names_like_those_of_the_path_do_not_mislead() {
    let video = |text: &str| read(text.as_bytes(), &[7]);
    let decoy = r#""bytesBase64Encoded":"ZGVjb3k=""#;
    let real = r#""response":{"videos":[{"bytesBase64Encoded":"cmVhbA=="}]}"#;
    for before in [
        r#""x":"\"response\":{\"videos\":[{\"bytesBase64Encoded\":\"ZGVjb3k=\"}]}""#.to_owned(),
        decoy.to_owned(),
        format!(r#""metadata":{{"response":{{"videos":[{{{decoy}}}]}}}}"#),
        format!(r#""image":{{{decoy}}}"#),
        r#""done":[{"bytesBase64Encoded":"x"}, true]"#.to_owned(),
    ] {
        assert_eq!(video(&format!("{{{before},{real}}}")), Ok(b"real".to_vec()), "{before}");
        assert_eq!(video(&format!("{{{real},{before}}}")), Ok(b"real".to_vec()), "{before}");
    }
    let escaped = r#"{"respons\u0065":{"\u0076ideos":[{"bytesBase64Encoded":"cmVhbA=="}]}}"#;
    assert_eq!(video(escaped), Ok(b"real".to_vec()));
    for without in [
        r#"{"response":{"videos":{"0":{"bytesBase64Encoded":"cmVhbA=="}}}}"#,
        r#"{"response":{"videos":[{"bytesBase64Encoded":null}]}}"#,
        r#"{"response":{"videos":[{"bytesBase64Encoded":["cmVhbA=="]}]}}"#,
        r#"{"response":{"videos":[{"bytesBase64Encoded":""}]}}"#,
        r#"{"response":{"thumbnails":[{"bytesBase64Encoded":"cmVhbA=="}]}}"#,
    ] {
        assert_eq!(video(without), Err(Broken), "{without}");
    }
    let two = r#"{"response":{"videos":[{"bytesBase64Encoded":"cmVhbA=="},{"bytesBase64Encoded":"ZGVjb3k="}]}}"#;
    assert_eq!(video(two), Ok(b"real".to_vec()), "the first of two");
}

#[test]
fn the_video_is_found_in_the_places_of_either_wire() {
    for text in [
        r#"{"response":{"generateVideoResponse":{"generatedSamples":[{"video":{"encodedVideo":"cmVhbA=="}}]}}}"#,
        r#"{"response":{"generatedVideos":[{"video":{"uri":null,"videoBytes":"cmVhbA=="}}]}}"#,
        r#"{"result":{"generated_videos":[{"video":{"video_bytes":"cmVhbA=="}}]}}"#,
        r#"{"response":[{"videos":{"bytesBase64Encoded":"cmVhbA=="}}]}"#,
        r#"[{"response":{"videos":[{"bytesBase64Encoded":"cmVhbA=="}]}}]"#,
        r#"{"done":true,"videos":[{"bytesBase64Encoded":"cmVhbA=="}]}"#,
        r#"{"response":{"videos":[1,{"bytesBase64Encoded":""},{"bytesBase64Encoded":"cmVhbA=="}]}}"#,
    ] {
        assert_eq!(read(text.as_bytes(), &[3]), Ok(b"real".to_vec()), "{text}");
    }
}

#[test]
fn base64_is_read_however_it_is_written() {
    let bytes = [0xfb, 0xff, 0xbe, 0x61];
    for base64 in [
        "+/++YQ==",
        "-_--YQ==",
        "+/++YQ",
        "-_--YQ",
        "+/\\n++\\r\\nYQ==",
        " +/++YQ== ",
        "data:video/mp4;base64,+/++YQ==",
        "data:;base64,-_--YQ",
    ] {
        let text = format!(r#"[{{"videos":[{{"bytesBase64Encoded":"{base64}"}}]}}]"#);
        for size in 1..9 {
            assert_eq!(read(text.as_bytes(), &[size]), Ok(bytes.to_vec()), "{base64} {size}");
        }
        assert_eq!(decode(&base64.replace("\\n", "\n").replace("\\r", "\r")), Ok(bytes.to_vec()), "{base64}");
    }
    assert_eq!(decode("dat"), decode("dat="), "the beginning of a data URL alone");
    assert_eq!(decode("data"), Ok(vec![0x75, 0xab, 0x5a]));
}

#[test]
fn what_is_broken_or_cut_short_is_never_taken_for_a_whole_video() {
    let with = |base64: &str| format!(r#"{{"response":{{"videos":[{{"bytesBase64Encoded":"{base64}"}}]}}}}"#);
    for base64 in ["abcde", "ab=c", "ab==cdef", "a===", "====", "ab!c", "data:video/mp4;base64", "abcé", "ab==="] {
        assert_eq!(read(with(base64).as_bytes(), &[3]), Err(Broken), "{base64}");
    }
    let whole = with("cmVhbA==");
    for end in 0..whole.len() {
        assert_eq!(read(&whole.as_bytes()[..end], &[5]), Err(Broken), "{end}");
    }
    for after in ["}", ",", "x", "{}"] {
        assert_eq!(read(format!("{whole}{after}").as_bytes(), &[64]), Err(Broken), "{after}");
    }
    let deep = "[".repeat(MAX_DEPTH + 1);
    assert_eq!(read(deep.as_bytes(), &[64]), Err(Broken));
}

#[test]
fn what_the_answer_says_first_is_known_before_the_rest_has_come() {
    let mut video = InlineVideo::default();
    let mut decoded = Vec::new();
    video.feed(br#"{"done":tr"#, &mut decoded).expect("valid");
    assert!(!video.says_done() && !video.has_begun());
    video.feed(br#"ue,"response":{"done":false,"videos":[{"bytesBase64Encoded":"#, &mut decoded).expect("valid");
    assert!(video.says_done() && !video.has_begun());
    video.feed(b"\"AAAAI", &mut decoded).expect("valid");
    assert!(video.says_done() && video.has_begun());
    assert_eq!(decoded, [0, 0, 0]);
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["response", "videos", "bytesBase64Encoded", "done", "0", "a\"\\b", ""])
        .prop_map(str::to_owned)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|number| json!(number)),
        prop::sample::select(vec![0.5, -1e30, 1e-9]).prop_map(|number| json!(number)),
        prop::sample::select(vec!["", "\"}]", "\\", "cmVhbA==", "ab", "\u{1}é/"]).prop_map(|text| json!(text)),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| json!(STANDARD.encode(bytes))),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(key(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// An answer with a video more often than not.
fn answer() -> impl Strategy<Value = Value> {
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    (any_json(), any_json(), bytes, 0..4_u8).prop_map(|(other, beside, bytes, kind)| {
        let video = json!({"a": beside, "bytesBase64Encoded": STANDARD.encode(bytes), "done": other});
        match kind {
            0 => other,
            _ => json!({"done": true, "response": {"a": other, "videos": [video, other]}, "videos": other}),
        }
    })
}

/// Writes with space and escapes wherever they are allowed, as the bits of `choices` say.
fn write(value: &Value, choices: &mut dyn Iterator<Item = u8>, text: &mut String) {
    let space = |choices: &mut dyn Iterator<Item = u8>| {
        ["", "", "", " ", "\n\t", "\r"][usize::from(choices.next().unwrap_or(0) % 6)]
    };
    text.push_str(space(choices));
    match value {
        Value::Object(fields) => {
            text.push('{');
            for (index, (key, value)) in fields.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                write(&json!(key), choices, text);
                text.push(':');
                write(value, choices, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                write(value, choices, text);
            }
            text.push_str(space(choices));
            text.push(']');
        }
        Value::String(string) => {
            text.push('"');
            for character in string.chars() {
                match character {
                    '"' | '\\' if choices.next().is_some_and(|choice| choice % 2 == 0) => {
                        text.extend(['\\', character]);
                    }
                    '"' | '\\' | '\0'..' ' => escape(character, text),
                    '/' if choices.next().is_some_and(|choice| choice % 2 == 0) => text.push_str("\\/"),
                    '\0'..='\x7f' if choices.next().is_some_and(|choice| choice % 5 == 0) => {
                        escape(character, text);
                    }
                    _ => text.push(character),
                }
            }
            text.push('"');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
    }
    text.push_str(space(choices));
}

fn escape(character: char, text: &mut String) {
    write!(text, "\\u{:04X}", u32::from(character)).expect("a string takes everything");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn it_reads_what_ordinary_readers_read(
        answer in answer(),
        choices in prop::collection::vec(any::<u8>(), 1..64),
        sizes in prop::collection::vec(1..48_usize, 1..8),
        damage in prop::option::of((any::<prop::sample::Index>(), 0..14_usize)),
    ) {
        let mut text = String::new();
        write(&answer, &mut choices.iter().copied().cycle(), &mut text);
        let mut text = text.into_bytes();
        let damaged = damage.is_some();
        if let Some((index, kind)) = damage {
            let at = index.index(text.len());
            match kind {
                0 => text.truncate(at),
                1 => drop(text.remove(at)),
                // Only where it leaves valid UTF-8.
                _ if text[at].is_ascii() => text[at] = b"{}[],:\"\\ 0=A"[kind - 2],
                _ => {}
            }
        }
        prop_assume!(std::str::from_utf8(&text).is_ok());
        let found = read(&text, &sizes).ok();
        if damaged {
            // Of a field that damage has named twice, ordinary readers take the last one.
            let is_json = serde_json::from_slice::<Value>(&text).is_ok();
            prop_assert!(found.is_none() || is_json);
        } else {
            prop_assert_eq!(found, reference(&text));
        }
    }
}
