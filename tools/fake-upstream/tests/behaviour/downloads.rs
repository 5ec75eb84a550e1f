//! Files: their bytes, and the faults of a download.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use crate::fake::{Fake, HANGING, KEY, get, stopwatch};
use crate::http::{Answer, End, Request};
use crate::wires::pattern;

const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn a_file_of_a_wanted_size_follows_the_pattern() {
    let fake = Fake::start();
    let answer = download(&fake, "bytes:300000");
    assert_eq!(
        (answer.status, answer.header("content-length"), answer.end),
        (200, Some("300000"), End::Whole)
    );
    assert_eq!(answer.body, pattern(300_000));
}

#[test]
fn a_chunked_file_is_whole_but_has_no_length() {
    let fake = Fake::start();
    let answer = download(&fake, "bytes:300000 download:chunked");
    assert_eq!(
        (answer.header("content-length"), answer.end),
        (None, End::Whole)
    );
    assert_eq!(answer.body, pattern(300_000));
}

#[test]
fn a_truncated_file_promises_more_than_it_sends() {
    let fake = Fake::start();
    let answer = download(&fake, "bytes:300000 download:truncated");
    assert_eq!(
        (answer.header("content-length"), answer.end),
        (Some("300000"), End::Short)
    );
    assert_eq!(answer.body, pattern(300_000)[..150_000]);
}

#[test]
fn a_reset_download_breaks_off_in_the_middle() {
    let fake = Fake::start();
    let answer = download(&fake, "bytes:300000 download:reset");
    assert_eq!((answer.status, answer.end), (200, End::Reset));
    assert!(answer.body.len() <= 150_000);
}

#[test]
fn a_stalled_download_falls_silent_in_the_middle() {
    let fake = Fake::start();
    let path = fake.video("a [[download:bytes:1000 download:stall]]");
    let answer = follow(&fake, &path, HANGING);
    assert_eq!((answer.body.len(), answer.end), (500, End::Silence));
}

#[test]
fn a_slow_download_keeps_to_its_rate() {
    let fake = Fake::start();
    let began = stopwatch();
    let answer = download(&fake, "bytes:5000 download:slow:10000");
    assert_eq!(answer.body, pattern(5000));
    assert!(
        began.elapsed() >= Duration::from_millis(450),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_files_address_can_answer_with_an_error_a_page_or_nothing() {
    let fake = Fake::start();
    for (fault, status) in [("500", 500), ("404", 404), ("html", 200)] {
        let path = fake.video(&format!("a [[download:{fault}]]"));
        assert_eq!(
            fake.get(&path).expect("an answer").status,
            status,
            "{fault}"
        );
    }
    let empty = download(&fake, "empty");
    assert_eq!(
        (empty.status, empty.header("content-length")),
        (200, Some("0"))
    );
    let path = fake.video("b [[download:hang]]");
    let hang = get(&fake.url(&path), HANGING).expect_err("no answer");
    assert_eq!(hang.kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_counted_download_fault_lets_the_next_download_pass() {
    let fake = Fake::start();
    let path = fake.video("a [[download:truncated*1]]");
    assert_eq!(follow(&fake, &path, PATIENCE).end, End::Short);
    assert_eq!(follow(&fake, &path, PATIENCE).end, End::Whole);
}

#[test]
fn a_redirect_loop_leads_to_itself() {
    let fake = Fake::start();
    let path = fake.video("a [[download:redirect-loop]]");
    let answer = fake.get(&path).expect("an answer");
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some(fake.url(&path).as_str()))
    );
}

#[test]
fn the_other_host_serves_the_bytes_and_records_whether_a_key_came() {
    let fake = Fake::start();
    let path = fake.video("a [[download:redirect-other download:bytes:100]]");
    let answer = fake.get(&path).expect("an answer");
    let elsewhere = answer.header("location").expect("a location");
    assert!(!elsewhere.starts_with(&fake.0.origin), "{elsewhere}");
    assert_eq!(
        get(elsewhere, PATIENCE).expect("an answer").body,
        pattern(100)
    );
    let without = Request {
        method: "GET",
        url: elsewhere,
        headers: &[],
        body: "",
        patience: PATIENCE,
    };
    without.send().expect("an answer");
    let visits = fake.recorded("other");
    assert_eq!(
        (&visits[0]["apiKey"], &visits[1]["apiKey"]),
        (&"present".into(), &"absent".into())
    );
}

#[test]
#[cfg(target_os = "linux")]
fn two_hundred_megabytes_pass_through_without_being_held() {
    const SIZE: usize = 200 << 20;
    let fake = Fake::start();
    let path = fake.video(&format!("a [[download:bytes:{SIZE}]]"));
    let to = fake
        .get(&path)
        .expect("an answer")
        .header("location")
        .expect("a location")
        .to_owned();
    let request = Request {
        method: "GET",
        url: &to,
        headers: &[KEY],
        body: "",
        patience: PATIENCE,
    };
    let mut stream = request.open().expect("a connection");
    let mut buffer = vec![0; 1 << 20];
    let mut received = 0;
    loop {
        match stream.read(&mut buffer).expect("more bytes") {
            0 => break,
            count => received += count,
        }
    }
    assert!(received > SIZE, "{received}");
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", fake.0.id())).expect("its status");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("its peak");
    let peak_kb: usize = peak
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number");
    assert!(peak_kb < 32 << 10, "{peak_kb} kB at its peak");
}

#[test]
fn a_file_can_be_something_else_than_its_headers_say() {
    let fake = Fake::start();
    let film = download(&fake, "chunked").body;
    for (fault, content_type, encoding) in [
        ("type:none", None, None),
        ("type:Video/MP4", Some("Video/MP4"), None),
        ("type:text/plain", Some("text/plain"), None),
        ("encoding:br", Some("video/mp4"), Some("br")),
        ("slow:1000000", Some("video/mp4"), None),
    ] {
        let answer = download(&fake, fault);
        assert_eq!(
            (
                answer.header("content-type"),
                answer.header("content-encoding")
            ),
            (content_type, encoding)
        );
        assert!(answer.body == film, "{fault}");
    }
    let half = download(&fake, "half");
    assert_eq!((half.end, half.body.len()), (End::Whole, film.len() / 2));
    assert!(film.starts_with(&half.body));
    let trailing = download(&fake, "trailing");
    assert!(trailing.body.starts_with(&film) && trailing.body.ends_with(b"</html>\n"));
    let silent = download(&fake, "no-moov").body;
    assert_eq!(
        (silent.len(), silent.windows(4).any(|kind| kind == b"moov")),
        (film.len(), false)
    );
    let json = download(&fake, "json");
    assert_eq!(
        (json.status, json.header("content-type")),
        (200, Some("video/mp4"))
    );
    assert!(json.json()["error"]["message"].is_string());
    assert!(
        download(&fake, "webm")
            .body
            .starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
    );
    let gzip = download(&fake, "gzip");
    assert_eq!(
        (gzip.header("content-encoding"), &gzip.body[..2]),
        (Some("gzip"), &[0x1f, 0x8b][..])
    );
}

#[test]
fn an_address_can_be_any_at_all() {
    let fake = Fake::start();
    let path = fake.video("a [[download:redirect-to:https://10.0.0.1/v.mp4]]");
    let answer = fake.get(&path).expect("an answer");
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("https://10.0.0.1/v.mp4"))
    );
    let name = fake.accepted("a [[result:at:http://192.168.0.1:80/v.mp4]]");
    let done = fake
        .get(&format!("/v1beta/{name}"))
        .expect("an answer")
        .json();
    let samples = &done["response"]["generateVideoResponse"]["generatedSamples"];
    assert_eq!(samples[0]["video"]["uri"], "http://192.168.0.1:80/v.mp4");
}

/// Renders a prompt with a download mark and fetches its video.
fn download(fake: &Fake, fault: &str) -> Answer {
    let path = fake.video(&format!("a [[download:{fault}]]"));
    follow(fake, &path, PATIENCE)
}

/// Requests a file's address and follows its redirect.
fn follow(fake: &Fake, path: &str, patience: Duration) -> Answer {
    let redirect = fake.get(path).expect("an answer");
    assert_eq!(redirect.status, 302, "{}", redirect.text());
    get(redirect.header("location").expect("a location"), patience).expect("an answer")
}
