//! Answers with inline videos, cut into pieces anywhere, and answers without one.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, PAD, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use proptest::prelude::*;
use reelay::clients::reply::Reply;
use reelay::machine::job::Progress;

use reelay::upstream::google::inline_video::{Broken, InlineVideo, decode};
use reelay::upstream::google::poll_reader::PollReader;
use serde_json::{Value, json};
use std::fmt::Write;

/// How an MP4 and a WebM begin, as base64 and as bytes.
const MP4: (&str, &[u8]) = ("AAAAIGZ0eXBpc29t", b"\0\0\0\x20ftypisom");
const WEBM: (&str, &[u8]) = (
    "GkXfo59ChoEBQveB",
    b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81",
);
/// A complete video of these tests: the beginning of an MP4 and the word "real".
const REAL: &str = "AAAAIGZ0eXBpc29tcmVhbA==";
/// A decoder that accepts base64 with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, INDIFFERENT);
const INDIFFERENT: GeneralPurposeConfig =
    PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent);

fn mp4(rest: &[u8]) -> Vec<u8> {
    [MP4.1, rest].concat()
}

/// Feeds a text in pieces of these sizes, in rotation.
fn read(text: &[u8], sizes: &[usize]) -> Result<Vec<u8>, Broken> {
    let (mut video, mut decoded, mut rest) = (InlineVideo::default(), Vec::new(), text);
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let (piece, after) =
            rest.split_at(rest.len().min(*sizes.next().expect("at least one size")));
        video.feed(piece, &mut decoded)?;
        rest = after;
    }
    video.is_whole().then_some(decoded).ok_or(Broken)
}

/// The video found by two ordinary parsers. Fields are in the order of their names.
fn reference(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Array(items) => items.iter().find_map(reference),
        Value::Object(fields) => fields.values().find_map(reference),
        Value::String(text) => STANDARD
            .decode(text)
            .ok()
            .filter(|bytes| bytes.starts_with(MP4.1)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[test]
fn the_video_is_found_however_the_answer_is_cut() {
    let text = br#"{ "name" : "p/o", "done":true , "response":{"@type":"t","raiMediaFilteredCount":0,
            "videos":[ {"mimeType":"video\/mp4", "bytesBase64Encoded" : "AAAAIGZ0e\u0058Bpc29taGVsbG8\u002fd29ybGQ\/Pz8\u003d" }, {"bytesBase64Encoded":"eHh4"} ] } }
            "#;
    let expected = reference(&serde_json::from_slice(text).expect("valid")).expect("a video");
    for size in 1..=text.len() {
        assert_eq!(read(text, &[size]).as_ref(), Ok(&expected), "{size}");
    }
}

#[test]
fn names_like_those_of_the_path_do_not_mislead() {
    let video = |text: &str| read(text.as_bytes(), &[7]);
    let decoy = r#""bytesBase64Encoded":"ZGVjb3k=""#;
    let real = format!(r#""response":{{"videos":[{{"bytesBase64Encoded":"{REAL}"}}]}}"#);
    for before in [
        format!(r#""x":"\"response\":{{\"videos\":[{{\"bytesBase64Encoded\":\"{REAL}\"}}]}}""#),
        decoy.to_owned(),
        format!(r#""metadata":{{"response":{{"videos":[{{{decoy}}}]}}}}"#),
        format!(r#""image":{{{decoy}}}"#),
        r#""done":[{"bytesBase64Encoded":"x"}, true]"#.to_owned(),
    ] {
        assert_eq!(
            video(&format!("{{{before},{real}}}")),
            Ok(mp4(b"real")),
            "{before}"
        );
        assert_eq!(
            video(&format!("{{{real},{before}}}")),
            Ok(mp4(b"real")),
            "{before}"
        );
    }
    let escaped =
        format!(r#"{{"respons\u0065":{{"\u0076ideos":[{{"bytesBase64Encoded":"{REAL}"}}]}}}}"#);
    assert_eq!(video(&escaped), Ok(mp4(b"real")));
    for without in [
        r#"{"response":{"videos":[{"bytesBase64Encoded":null}]}}"#,
        r#"{"response":{"videos":[{"bytesBase64Encoded":["cmVhbA=="]}]}}"#,
        r#"{"response":{"videos":[{"bytesBase64Encoded":""}]}}"#,
        r#"{"response":{"videos":[{"bytesBase64Encoded":"cmVhbGx5IG5vIHZpZGVv"}]}}"#,
    ] {
        assert_eq!(video(without), Err(Broken), "{without}");
    }
    let two = format!(
        r#"{{"response":{{"videos":[{{"bytesBase64Encoded":"{REAL}"}},{{"bytesBase64Encoded":"{}ZGVjb3k="}}]}}}}"#,
        MP4.0
    );
    assert_eq!(video(&two), Ok(mp4(b"real")), "the first of two is taken");
}

#[test]
fn a_poll_finds_no_video_in_other_places_than_those_of_a_wire() {
    for without in [
        r#"{"response":{"videos":{"0":{"bytesBase64Encoded":"{REAL}"}}}}"#,
        r#"{"response":{"videos":[{"bytesBase64Encoded":["{REAL}"]}]}}"#,
        r#"{"response":{"thumbnails":[{"bytesBase64Encoded":"{REAL}"}]}}"#,
        r#"{"metadata":{"response":{"videos":[{"bytesBase64Encoded":"{REAL}"}]}}}"#,
        r#"{"bytesBase64Encoded":"{REAL}"}"#,
    ] {
        let body = without.replace("{REAL}", &format!("{}{REAL}", MP4.0.repeat(100)));
        let mut reader = PollReader::new("inline:x".to_owned());
        assert_eq!(reader.read(body.as_bytes()), None, "{without}");
        let reply = Reply {
            status: 200,
            retry_after: None,
            body: Vec::new(),
            now: 0,
        };
        assert_eq!(reader.finish(reply), Ok(Progress::Running), "{without}");
    }
}

#[test]
fn pictures_and_long_texts_beside_the_video_are_passed_over() {
    let png = STANDARD.encode([b"\x89PNG\r\n\x1a\n", &[7; 3_000][..]].concat());
    let pictures = ["avif", "heic", "mif1"]
        .map(|brand| STANDARD.encode(format!("\0\0\0\x20ftyp{brand}\0\0\0\0")));
    let [avif, heic, mif1] = pictures;
    let text = json!([
        "\"AAAAIGZ0eXBpc29t\" ".repeat(200),
        png,
        avif,
        heic,
        mif1,
        format!("data:image/png;base64,{png}"),
        format!("data:{}", "x".repeat(9_000)),
        "data:video/mp4,",
        "AAAAIGZ0eXBpc2",
        REAL
    ]);
    for size in [1, 2, 3, 1_000, 100_000] {
        assert_eq!(
            read(text.to_string().as_bytes(), &[size]),
            Ok(mp4(b"real")),
            "{size}"
        );
    }
}

#[test]
fn the_video_is_found_in_the_places_of_either_wire() {
    for text in [
        r#"{"response":{"generateVideoResponse":{"generatedSamples":[{"video":{"encodedVideo":"{REAL}"}}]}}}"#,
        r#"{"response":{"generatedVideos":[{"video":{"uri":null,"videoBytes":"{REAL}"}}]}}"#,
        r#"{"result":{"generated_videos":[{"video":{"video_bytes":"{REAL}"}}]}}"#,
        r#"{"response":[{"videos":{"bytesBase64Encoded":"{REAL}"}}]}"#,
        r#"[{"response":{"videos":[{"bytesBase64Encoded":"{REAL}"}]}}]"#,
        r#"{"done":true,"videos":[{"bytesBase64Encoded":"{REAL}"}]}"#,
        r#"{"response":{"videos":[1,{"bytesBase64Encoded":""},{"bytesBase64Encoded":"{REAL}"}]}}"#,
    ] {
        assert_eq!(
            read(text.replace("{REAL}", REAL).as_bytes(), &[3]),
            Ok(mp4(b"real")),
            "{text}"
        );
    }
}

#[test]
fn base64_is_read_however_it_is_written() {
    let bytes = [0xfb, 0xff, 0xbe, 0x61];
    for base64 in [
        "{head}+/++YQ==",
        "{head}-_--YQ==",
        "{head}+/++YQ",
        "{head}-_--YQ",
        "{head}+/\\n++\\r\\nYQ==",
        " {head}+/++YQ== ",
        "data:video/mp4;base64,{head}+/++YQ==",
        "data:;base64,{head}-_--YQ",
    ] {
        for (head, beginning) in [MP4, WEBM] {
            let base64 = base64.replace("{head}", head);
            let expected = [beginning, &bytes].concat();
            let text = format!(r#"[{{"videos":[{{"bytesBase64Encoded":"{base64}"}}]}}]"#);
            for size in 1..9 {
                assert_eq!(
                    read(text.as_bytes(), &[size]),
                    Ok(expected.clone()),
                    "{base64} {size}"
                );
            }
            assert_eq!(
                decode(&base64.replace("\\n", "\n").replace("\\r", "\r")),
                Ok(expected),
                "{base64}"
            );
        }
        assert_eq!(
            decode(
                &base64
                    .replace("\\n", "\n")
                    .replace("\\r", "\r")
                    .replace("{head}", "")
            ),
            Ok(bytes.to_vec())
        );
    }
    assert_eq!(
        decode("dat"),
        decode("dat="),
        "an incomplete data URL prefix is base64"
    );
    assert_eq!(decode("data"), Ok(vec![0x75, 0xab, 0x5a]));
}

#[test]
fn what_is_broken_or_cut_short_is_never_taken_for_a_whole_video() {
    let with = |base64: &str| {
        format!(r#"{{"response":{{"videos":[{{"bytesBase64Encoded":"{base64}"}}]}}}}"#)
    };
    for base64 in [
        "abcde",
        "ab=c",
        "ab==cdef",
        "a===",
        "====",
        "ab!c",
        "abcé",
        "ab\\u00e9c",
        "ab\\bc",
        "ab===",
    ] {
        assert_eq!(read(with(base64).as_bytes(), &[3]), Err(Broken), "{base64}");
        assert_eq!(
            read(with(&format!("{}{base64}", MP4.0)).as_bytes(), &[3]),
            Err(Broken),
            "{base64}"
        );
    }
    for base64 in [
        "data:video/mp4;base64",
        "data:video/mp4;base64;AAAAIGZ0eXBpc29t",
    ] {
        assert_eq!(read(with(base64).as_bytes(), &[3]), Err(Broken), "{base64}");
    }
    let whole = with(REAL);
    let quote = whole.find(REAL).expect("the video is there") + REAL.len();
    for end in 0..=quote {
        assert_eq!(read(&whole.as_bytes()[..end], &[5]), Err(Broken), "{end}");
    }
    for after in ["", "}", ",", "x", "{}"] {
        let text = format!("{}{after}", &whole[..=quote]);
        assert_eq!(
            read(text.as_bytes(), &[64]),
            Ok(mp4(b"real")),
            "nothing after the quote is read: {after}"
        );
    }
}

#[test]
fn what_the_answer_says_first_is_known_before_the_rest_has_come() {
    let start = [
        r#"{"done":tr"#,
        r#"ue,"response":{"done":false,"videos":[{"bytesBase64Encoded":"#,
        "\"AAAAI",
    ];
    let rest = ["GZ0eXBpc29tcmVhbGx5", &"AAAA".repeat(200)];
    let (mut reader, mut video, mut decoded) = (
        PollReader::new("inline:x".to_owned()),
        InlineVideo::default(),
        Vec::new(),
    );
    for piece in start {
        assert_eq!(reader.read(piece.as_bytes()), None, "{piece}");
        video.feed(piece.as_bytes(), &mut decoded).expect("valid");
        assert_eq!(decoded, b"", "{piece}");
    }
    let ready = Progress::Ready {
        uri: "inline:x".to_owned(),
        cost_micros: None,
    };
    assert_eq!(
        rest.map(|piece| reader.read(piece.as_bytes())),
        [None, Some(Ok(ready))]
    );
    video.feed(rest[0].as_bytes(), &mut decoded).expect("valid");
    assert_eq!(
        decoded,
        mp4(b"rea"),
        "bytes that padding may follow are held back"
    );
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "response",
        "videos",
        "bytesBase64Encoded",
        "done",
        "0",
        "a\"\\b",
        "",
    ])
    .prop_map(str::to_owned)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|number| json!(number)),
        prop::sample::select(vec![0.5, -1e30, 1e-9]).prop_map(|number| json!(number)),
        prop::sample::select(vec!["", "\"}]", "\\", "cmVhbA==", "ab", "\u{1}é/"])
            .prop_map(|text| json!(text)),
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

/// An answer that usually has a video.
fn answer() -> impl Strategy<Value = Value> {
    let bytes = prop::collection::vec(any::<u8>(), 0..200).prop_map(|rest| mp4(&rest));
    (any_json(), any_json(), bytes, 0..4_u8).prop_map(|(other, beside, bytes, kind)| {
        let video = json!({"a": beside, "bytesBase64Encoded": STANDARD.encode(bytes), "done": other});
        match kind {
            0 => other,
            _ => json!({"done": true, "response": {"a": other, "videos": [video, other]}, "videos": other}),
        }
    })
}

/// Writes JSON with space and escapes wherever they are allowed, as the bits of `choices` decide.
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
                    '/' if choices.next().is_some_and(|choice| choice % 2 == 0) => {
                        text.push_str("\\/");
                    }
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
            // It is at least one complete string of JSON.
            let decoded = |text: String| LENIENT.decode(text.split_ascii_whitespace().collect::<String>()).ok();
            let string = |from: usize| serde_json::Deserializer::from_slice(&text[from..]).into_iter().next()?.ok();
            let mut quotes = (0..text.len()).filter(|at| text[*at] == b'"');
            prop_assert!(found.is_none() || quotes.any(|at| string(at).and_then(decoded) == found));
        } else {
            prop_assert_eq!(found, reference(&answer));
        }
    }
}
