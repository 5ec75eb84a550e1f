//! A local stand-in for Google's video API and for the app's webhook receiver, which fails on demand.
//!
//! ```text
//! fake-upstream --listen 127.0.0.1:8788 --webhook-secret whsec_… [--render-ms 3000]
//!               [--other-listen 127.0.0.1:0] [--api-key KEY]
//! ```
//!
//! Port 0 picks a free port. When it is ready it prints one line, `listening on http://127.0.0.1:PORT`; SIGINT or SIGTERM end
//! it with status 0. `--webhook-secret` takes several secrets separated by commas. Only loopback addresses are accepted.
//! With `--api-key` any other key is answered like an unknown one; without it every key but `bad-key` is good.
//!
//! # Google's wire
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1beta/models/{model}:predictLongRunning` | the operation's name; 400 with Google's words for what Google refuses |
//! | `GET /v1beta/models/{model}/operations/{id}` | the operation; `done` is absent while it renders |
//! | `GET /v1beta/files/{id}:download?alt=media` | 302 to the bytes |
//! | `GET /download/v1beta/files/{id}:download?alt=media` | the bytes; whether a key came is recorded, none is required |
//!
//! All but the last need `x-goog-api-key`: without it 403, with `bad-key` 400. A model whose id contains `retired` is no longer
//! available. The video is `assets/sample.mp4` or, with `download:bytes:N`, N bytes of which byte `i` is `i % 251`.
//! `SIGKILL` loses everything: nothing is kept on disk, but `POST /__control/operations` gives an operation back.
//!
//! # Marks
//!
//! A prompt, or `POST /__control/faults {"marks": "…"}` for all jobs, may contain marks: `[[step:fault[:argument][*N]]]`, several
//! separated by spaces in one pair of brackets or in several. With `*N` only the first N requests of that step for that job
//! meet it, and the next mark of the step follows; without it all do. A prompt's own marks go before the default ones.
//! For submits and results a job is its prompt, for polls and downloads it is its operation, so give each
//! prompt a word of its own. A mark that is not understood is refused with 400.
//!
//! | step | faults |
//! |---|---|
//! | `submit`, not accepted | `429` `429-retry:22s` `429-quota[:22s]` `500` `503` `401` `404` `400-safety` `hang-before` `reset-before` `redirect` (307 to the other host) |
//! | `submit`, accepted and so paid | `500-after` (a proxy's page, no error of Google's) `hang-after` `reset-after` `garbage` `html` `html-502` `no-name` |
//! | `poll` | the error answers above, `hang` `reset` `garbage` `html` `done-false` |
//! | `result` (once per accepted job) | `rai` `code13` `error:CODE` `empty` `error-and-response` `never` |
//! | `download` | the error answers above, `html` `hang` `empty` `truncated` `reset` `stall` (the last three after half of the bytes) `chunked` `slow:BYTES_A_SECOND` `redirect-other` `redirect-loop` |
//! | no fault | `download:bytes:N` (up to 1 GiB) and `render:MS` |
//!
//! # Control
//!
//! | request | does |
//! |---|---|
//! | `GET /__control/health` | `{status, origin, other}`; `other` is the base URL of the other host |
//! | `GET·POST /__control/faults` `{marks}` | the default marks; `""` removes them |
//! | `POST /__control/gate` `{step, state: "closed"\|"open", after?}` | holds every request of `submit`, `poll`, `download`, `bytes` (the second half of a file) or `webhook` once it is recorded; a submit with `after` once it is accepted |
//! | `POST /__control/reset` | forgets all, opens all gates, cuts what hangs; numbers and ids go on; `{since}` |
//! | `GET /__control/requests?since=&step=` | every request: `seq atMs method path query headers apiKey body bodyBytes step operation prompt fault status outcome`; keys are replaced by a word |
//! | `GET /__control/operations` | the accepted jobs in order: `name id model prompt parameters request submittedBy acceptedAtMs renderMs state adopted polls file` |
//! | `POST /__control/operations` `{model, id, file, prompt}` | adopts an operation that an earlier run accepted: rendered, `adopted`, `submittedBy` null, no part of `render-stats`; the prompt's marks hold but for `render`; 409 if the id or the file is known |
//! | `GET /__control/render-stats` | `{rendering, maxRendering, accepted: [{id, prompt}]}`; a job renders from acceptance until a poll was told its end |
//! | `GET /__control/wait?step=&count=&timeout_ms=&contains=&since=&outcome=` | answers once so many requests are recorded and what they do can be seen: `{reached, count, requests}`, 408 if they are not in time |
//! | `GET /__control/inbox` | the webhooks, oldest first: `seq receivedAt headers body valid reason id attempt event generationId answered` |
//! | `GET·POST /__control/inbox/mode` `{mode}` | `ok` `status:CODE[:RETRY_AFTER]` `fail-first:N` `hang` `reset` `commit-then-reset` `redirect` `endless` |
//!
//! Steps are `submit poll download bytes other webhook unknown`; outcomes are `pending held hung answered reset abandoned`
//! (the caller went away first). Webhooks go to `POST /api/webhooks/worker`; `GET /inbox` shows them to people.
//!
//! # The sample
//!
//! `assets/sample.mp4` (4 s, 640 × 360, H.264 and AAC) was made for this project:
//!
//! ```text
//! ffmpeg -f lavfi -i "gradients=s=640x360:r=24:d=4:c0=0x1b1b4b:c1=0xff7a59:c2=0x2ec4b6:n=3:speed=0.02:seed=7" \
//!   -f lavfi -i "sine=frequency=330:sample_rate=48000:duration=4" -c:v libx264 -preset veryslow -crf 26 -pix_fmt yuv420p \
//!   -c:a aac -b:a 32k -shortest -movflags +faststart -map_metadata -1 -fflags +bitexact sample.mp4
//! ```

mod call;
mod cli;
mod clock;
mod connection;
mod control;
mod faults;
mod gates;
mod inbox;
mod journal;
mod ledger;
mod marks;
mod server;
mod wire;
mod world;

use std::io::Write as _;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            let _ = writeln!(std::io::stderr(), "fake-upstream: {sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let options =
        cli::Options::parse(std::env::args().skip(1)).map_err(|sentence| format!("{sentence}\n{}", cli::USAGE))?;
    let text = |error: std::io::Error| error.to_string();
    let mut interrupted = signal(SignalKind::interrupt()).map_err(text)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(text)?;
    let server = server::Server::bind(options).await?;
    writeln!(std::io::stdout(), "listening on {}", server.origin()).map_err(text)?;
    tokio::select! {
        ended = server.serve() => ended.map_err(text),
        _ = interrupted.recv() => Ok(()),
        _ = terminated.recv() => Ok(()),
    }
}
