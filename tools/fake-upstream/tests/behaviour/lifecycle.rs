//! Starting and ending.

use std::process::{Command, Stdio};

use crate::fake::Fake;
use crate::http::Request;
use crate::process::{Process, SECRET};

#[test]
fn a_signal_ends_it_with_status_0_even_while_a_caller_hangs() {
    for name in ["-INT", "-TERM"] {
        let mut fake = Fake::start();
        let url = fake.url("/v1beta/models/veo-3.1-generate-preview:predictLongRunning");
        let body = r#"{"instances":[{"prompt":"a [[submit:hang-after]]"}]}"#;
        let patience = std::time::Duration::from_secs(5);
        let request = Request {
            method: "POST",
            url: &url,
            headers: &[crate::fake::KEY],
            body,
            patience,
        };
        let hanging = request.open().expect("a connection");
        fake.control("wait?step=submit");
        let id = fake.0.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .expect("kill runs")
                .success()
        );
        assert_eq!(
            fake.0.child().wait().expect("it ends").code(),
            Some(0),
            "{name}"
        );
        drop(hanging);
    }
}

#[test]
fn it_refuses_to_be_reached_by_others_and_to_start_without_a_secret() {
    for arguments in [
        vec!["--listen", "0.0.0.0:0", "--webhook-secret", SECRET],
        vec!["--listen", "127.0.0.1:0"],
        vec!["--listen", "127.0.0.1:0", "--webhook-secret", "whsec_!"],
        vec![
            "--listen",
            "127.0.0.1:0",
            "--webhook-secret",
            SECRET,
            "--nonsense",
            "1",
        ],
        vec![
            "--listen",
            "127.0.0.1:0",
            "--webhook-secret",
            SECRET,
            "--answer-ms",
            "60001",
        ],
        vec![
            "--listen",
            "127.0.0.1:0",
            "--webhook-secret",
            SECRET,
            "--push-uri",
            "http://127.0.0.1:1",
        ],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_fake-upstream"))
            .args(&arguments)
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("fake-upstream: "));
    }
}

#[test]
fn two_processes_never_give_the_same_ids() {
    let (first, second) = (Fake(Process::start(&[])), Fake(Process::start(&[])));
    let given = |fake: &Fake| (0..50).map(|_| fake.accepted("a dog")).collect::<Vec<_>>();
    let (first, second) = (given(&first), given(&second));
    assert!(first.iter().all(|name| !second.contains(name)));
}
