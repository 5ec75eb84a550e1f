//! Which files are whole videos, decided from their bytes.

use proptest::prelude::*;
use reelay::clients::video_file::{Flaw, MAX_READS, READ, Stretch, TELLING, VideoKind, Walk};

const SAMPLE: &[u8] = include_bytes!("../../tools/fake-upstream/assets/sample.mp4");

fn a_box(kind: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + body.len()).expect("short").to_be_bytes();
    [&length[..], kind, body].concat()
}

fn long_box(kind: &[u8], body: &[u8]) -> Vec<u8> {
    let length = (16 + body.len() as u64).to_be_bytes();
    [&1_u32.to_be_bytes()[..], kind, &length, body].concat()
}

fn to_the_end(kind: &[u8], body: &[u8]) -> Vec<u8> {
    [&[0; 4][..], kind, body].concat()
}

fn ftyp() -> Vec<u8> {
    a_box(b"ftyp", b"isom\0\0\x02\0isommp41")
}

/// A WebM whose header names `doc_type`, with a segment whose length has this encoding.
fn webm(doc_type: &[u8], segment_length: &[u8], body: &[u8]) -> Vec<u8> {
    let name = [
        &[
            0x42,
            0x82,
            0x80 | u8::try_from(doc_type.len()).expect("short"),
        ],
        doc_type,
    ]
    .concat();
    let header = [&[0x42, 0x86, 0x81, 1][..], &name].concat();
    let length = 0x80 | u8::try_from(header.len()).expect("short");
    let segment = [&[0x18, 0x53, 0x80, 0x67][..], segment_length, body].concat();
    [&[0x1a, 0x45, 0xdf, 0xa3, length][..], &header, &segment].concat()
}

/// Checks a file as the worker does.
fn look(file: &[u8]) -> Result<VideoKind, Flaw> {
    let kind = VideoKind::of(&file[..file.len().min(TELLING as usize)])?;
    let mut walk = Walk::new(kind, file.len() as u64);
    while let Some(Stretch { offset, length }) = walk.next() {
        let start = usize::try_from(offset).expect("within the file");
        walk.read(&file[start..start + usize::try_from(length).expect("short")])?;
    }
    Ok(kind)
}

#[test]
fn a_whole_mp4_is_one_however_its_boxes_are_written() {
    let large = vec![7; 100_000];
    let moov = a_box(b"moov", &a_box(b"mvhd", &[0; 100]));
    for parts in [
        vec![ftyp(), moov.clone(), a_box(b"mdat", &large)],
        vec![
            ftyp(),
            a_box(b"free", &[]),
            long_box(b"mdat", &large),
            moov.clone(),
        ],
        vec![ftyp(), moov.clone(), to_the_end(b"mdat", &large)],
        vec![
            ftyp(),
            a_box(b"mdat", &large),
            to_the_end(b"moov", &[0; 20]),
        ],
        vec![
            long_box(b"ftyp", b"isom\0\0\0\0"),
            a_box(b"uuid", &[1; 40]),
            moov.clone(),
        ],
        vec![
            ftyp(),
            moov.clone(),
            a_box(b"moof", &[0; 50]),
            a_box(b"mdat", &large),
            a_box(b"mfra", &[0; 9]),
        ],
    ] {
        assert_eq!(look(&parts.concat()), Ok(VideoKind::Mp4));
    }
    assert_eq!(look(SAMPLE), Ok(VideoKind::Mp4));
}

#[test]
fn what_is_no_whole_mp4_is_told_by_its_flaw() {
    let moov = a_box(b"moov", &[0; 30]);
    let mdat = a_box(b"mdat", &vec![5; 40_000]);
    for (file, flaw) in [
        (vec![], Flaw::Empty),
        (
            br#"{"error":{"code":403,"message":"no"}}"#.to_vec(),
            Flaw::NoVideo,
        ),
        (
            b"<!doctype html><title>Sign in</title>".to_vec(),
            Flaw::NoVideo,
        ),
        (b"ftyp".to_vec(), Flaw::NoVideo),
        (vec![0; 5_000], Flaw::NoVideo),
        ([moov.clone(), ftyp()].concat(), Flaw::NoVideo),
        (ftyp(), Flaw::NoMoov),
        ([ftyp(), mdat.clone()].concat(), Flaw::NoMoov),
        (
            [ftyp(), to_the_end(b"mdat", b"moov")].concat(),
            Flaw::NoMoov,
        ),
        (
            [ftyp(), moov.clone(), mdat.clone(), b"x".to_vec()].concat(),
            Flaw::NotWhole,
        ),
        (
            [ftyp(), moov.clone(), mdat.clone(), b"</html>\n".to_vec()].concat(),
            Flaw::NotWhole,
        ),
        (
            [ftyp(), moov.clone(), mdat.clone(), vec![0; 16]].concat(),
            Flaw::NotWhole,
        ),
        (
            [ftyp(), moov.clone(), mdat.clone(), ftyp(), moov.clone()].concat(),
            Flaw::NotWhole,
        ),
        (
            [
                ftyp(),
                moov.clone(),
                4_u32.to_be_bytes().to_vec(),
                b"free".to_vec(),
            ]
            .concat(),
            Flaw::NotWhole,
        ),
        (
            [ftyp(), moov.clone(), long_box(b"mdat", &[])[..12].to_vec()].concat(),
            Flaw::NotWhole,
        ),
        (
            [
                ftyp(),
                moov.clone(),
                1_u32.to_be_bytes().to_vec(),
                b"mdat".to_vec(),
                vec![0xff; 8],
            ]
            .concat(),
            Flaw::NotWhole,
        ),
    ] {
        assert_eq!(
            look(&file),
            Err(flaw),
            "{:?}",
            String::from_utf8_lossy(&file[..file.len().min(60)])
        );
    }
}

#[test]
fn the_beginning_of_a_video_is_never_a_whole_one() {
    for end in (0..SAMPLE.len())
        .step_by(97)
        .chain(SAMPLE.len() - 40..SAMPLE.len())
    {
        assert!(look(&SAMPLE[..end]).is_err(), "{end}");
    }
}

#[test]
fn of_a_file_of_countless_parts_the_first_are_looked_at() {
    let head = [ftyp(), a_box(b"moov", &[])].concat();
    let small = a_box(b"free", &[]).repeat(10_000);
    assert_eq!(
        look(&[head.clone(), small.clone()].concat()),
        Ok(VideoKind::Mp4)
    );
    assert_eq!(look(&[ftyp(), small].concat()), Err(Flaw::TooManyParts));
    let far = a_box(b"free", &vec![0; usize::try_from(READ).expect("short")]);
    let most = usize::try_from(MAX_READS).expect("few");
    for parts in [most - 1, most, most + 1] {
        assert_eq!(
            look(&[head.clone(), far.repeat(parts)].concat()),
            Ok(VideoKind::Mp4),
            "{parts}"
        );
    }
    assert_eq!(
        look(&[ftyp(), far.repeat(most + 1)].concat()),
        Err(Flaw::TooManyParts)
    );
}

#[test]
fn a_webm_says_what_it_is_and_ends_where_it_says() {
    let body = vec![3; 5_000];
    // 5,000 in two bytes, and "until the end" in one and in eight.
    let known = [0x53, 0x88];
    for file in [
        webm(b"webm", &known, &body),
        webm(b"matroska\0\0", &known, &body),
        webm(b"webm", &[0xff], &body),
        webm(
            b"webm",
            &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &body,
        ),
        [webm(b"webm", &known, &body), vec![0xec, 0x82, 0, 0]].concat(),
    ] {
        assert_eq!(look(&file), Ok(VideoKind::WebM));
    }
    for (file, flaw) in [
        (webm(b"webm", &known, &body[1..]), Flaw::NotWhole),
        (
            [webm(b"webm", &known, &body), vec![1]].concat(),
            Flaw::NotWhole,
        ),
        (
            [webm(b"webm", &known, &body), b"</html>".to_vec()].concat(),
            Flaw::NotWhole,
        ),
        (webm(b"other", &known, &body), Flaw::NoVideo),
        (webm(b"webm", &[], &[])[..20].to_vec(), Flaw::NotWhole),
        (vec![0x1a, 0x45, 0xdf, 0xa3], Flaw::NotWhole),
        (vec![0x1a, 0x45, 0xdf, 0xa3, 0x80], Flaw::NoVideo),
        (vec![0x1a, 0x45, 0xdf, 0xa3, 0xff, 1, 2, 3], Flaw::NoVideo),
    ] {
        assert_eq!(look(&file), Err(flaw), "{file:02x?}");
    }
}

fn some_box() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop::sample::select(vec![*b"free", *b"mdat", *b"moof", *b"uuid", *b"moov"]);
    let body = prop::collection::vec(any::<u8>(), 0..20_000);
    (kind, body, any::<bool>()).prop_map(|(kind, body, long)| {
        if long {
            long_box(&kind, &body)
        } else {
            a_box(&kind, &body)
        }
    })
}

proptest! {
    #[test]
    fn boxes_in_any_order_are_whole_and_a_byte_more_or_less_is_not(
        boxes in prop::collection::vec(some_box(), 0..8), cut in any::<prop::sample::Index>(),
    ) {
        let file = [ftyp(), boxes.concat(), a_box(b"moov", &[1]), a_box(b"mdat", &[2, 2])].concat();
        prop_assert_eq!(look(&file), Ok(VideoKind::Mp4));
        let longer = [file.clone(), vec![0]].concat();
        prop_assert_eq!(look(&longer), Err(Flaw::NotWhole));
        // A cut within the last two boxes cannot leave a valid file by chance.
        let short = file.len() - 1 - cut.index(18);
        prop_assert!(look(&file[..short]).is_err() || short == file.len() - 10);
    }

    #[test]
    fn any_bytes_at_all_come_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..400), mp4 in any::<bool>()) {
        let start = if mp4 { ftyp() } else { webm(b"webm", &[0x40, 100], &[]) };
        let _ = look(&bytes);
        let _ = look(&[start, bytes].concat());
    }
}
