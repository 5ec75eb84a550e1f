//! A local stand-in for Google's video APIs and for the app's webhook receiver, which fails on
//! demand.
//!
//! ```text
//! fake-upstream --listen 127.0.0.1:8788 --webhook-secret whsec_… [--render-ms 3000]
//!               [--other-listen 127.0.0.1:0] [--api-key KEY] [--project reelay-local] [--token-seconds 3600]
//!               [--answer-ms 0] [--push-uri URL --push-secret whsec_…]
//! ```
//!
//! Port 0 picks a free port. When the server is ready, it prints one line, `listening on
//! http://127.0.0.1:PORT`. SIGINT or SIGTERM ends it with status 0. Only loopback addresses are
//! accepted.
//!
//! * `--webhook-secret` takes several secrets, separated by commas.
//! * `--api-key` names the only accepted key; every other key gets the answer for an unknown key.
//!   Without it, every key except `bad-key` is accepted.
//! * `--answer-ms N` (at most 60,000) delays every answer to a submit, poll, cancel, delete, file,
//!   download, bytes (their beginning), list of models or token: it leaves N milliseconds after its
//!   request arrived, or later if it is held longer. The request takes effect, and its time is recorded,
//!   on arrival. The control API, the inbox, the keys and the other host are not delayed.
//!
//! Nothing is kept on disk, so `SIGKILL` loses everything. However, `POST /__control/operations`
//! restores an operation, and tokens of an earlier run stay valid.
//!
//! # Google's wires
//!
//! Three wires share the port, the ledger, the journal, the gates and the marks. Each refuses what
//! Google refuses, with Google's messages. The video is `assets/sample.mp4` or, with
//! `download:bytes:N`, an MP4 of N bytes. Byte `i` of it is `i % 251`, from byte 144 on or, if N is
//! below 144, from the first byte on.
//!
//! ## `gemini`: Veo over the Gemini API
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1beta/models`, also under `/v1` | a list of models |
//! | `POST /v1beta/models/{model}:predictLongRunning` | the operation's name |
//! | `GET /v1beta/models/{model}/operations/{id}` | the operation; `done` is absent while it renders |
//! | `GET /v1beta/files/{id}:download?alt=media` | 302 to the bytes |
//! | `GET /download/v1beta/files/{id}:download?alt=media` | the bytes; needs no key, but records whether there was one |
//!
//! All except the last need `x-goog-api-key`: without it the answer is 403, with `bad-key` 400. A
//! model whose id contains `retired` is no longer available.
//!
//! ## `vertex`: Veo over Vertex AI
//!
//! In both versions, `v1` and `v1beta1`; `…` is
//! `/projects/{project}/locations/{location}/publishers/google/models/{model}`.
//!
//! | request | answer |
//! |---|---|
//! | `POST /token` | an access token for an assertion of `assets/service-account.json` (RS256, valid for at most an hour) |
//! | `GET /v1/projects/{project}/locations/{location}/models` | an empty list |
//! | `POST /v1…:predictLongRunning` | the operation's name |
//! | `POST /v1…:fetchPredictOperation` `{operationName}` | the operation, with `gs://` addresses if the submit had a `storageUri`, otherwise with the video in base64 |
//! | `GET /storage/v1/b/{bucket}/o/{object}?alt=media`, also under `/download` | the bytes; without `alt=media`, the object's metadata |
//!
//! All except the first need a valid `Authorization: Bearer` token; without one the answer is 401.
//! A project other than `--project` is 403, an unknown region is 404. Tokens stay valid after a
//! reset. There are no pushes.
//!
//! ## `omni`: Gemini Omni over the Interactions API
//!
//! In both versions, `v1` and `v1beta`, with `x-goog-api-key`.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/interactions` | the interaction, `in_progress` |
//! | `GET /v1/interactions/{id}` | the interaction, at its end with `steps` and `usage`; the video is inline or, with `delivery: "uri"`, a file |
//! | `POST /v1/interactions/{id}/cancel` | the interaction, `cancelled`; 400 if it has ended |
//! | `DELETE /v1/interactions/{id}` | `{}`; the interaction is 404 from then on |
//! | `GET /v1/files/{id}` | the Files API's metadata: `state` is `PROCESSING`, `ACTIVE` or `FAILED` |
//! | `GET /v1/files/{id}:download?alt=media` | 302 to the bytes; 400 while the file is not active |
//!
//! A video is billed as 5,792 tokens a second at 720p, and at other resolutions in proportion to
//! their prices.
//!
//! # Pushes
//!
//! A push is a Standard Webhook that Google sends at a job's end, whether or not the job was
//! polled. It goes to each of `webhookConfig.uris` (`webhook_config.uris`), signed `v1a` with the
//! Ed25519 key of `GET /.well-known/jwks.json`. If the request names no address, it goes to
//! `--push-uri`, signed `v1`. It is attempted four times. The body is
//! `{type, timestamp, data: {id, file_id?, video_uri?}, user_metadata?}`; types are
//! `video.generated`, `interaction.completed` and `interaction.failed`. A failed Veo job sends no
//! push.
//!
//! # Marks
//!
//! Marks choose the faults. A prompt may contain marks for its job, and
//! `POST /__control/faults {"marks": "…"}` sets default marks for all jobs. A mark is
//! `[[step:fault[:argument][*N]]]`; several marks are separated by spaces in one pair of brackets,
//! or are in several pairs. Without `*N`, every request of that step for that job meets the fault.
//! With it, the first N requests do, and then the step's next mark applies. A prompt's own marks
//! come before the default ones.
//!
//! For submits and results, a job is identified by its prompt, and for polls and downloads by its
//! operation. Give each prompt a unique word, therefore. A mark that is not understood is refused
//! with 400.
//!
//! | step | faults |
//! |---|---|
//! | `submit`, not accepted | `429` `429-retry:22s` `429-quota[:22s]` `500` `503` `401` `404` `400-safety` `hang-before` `reset-before` `redirect` (307 to the other host) |
//! | `submit`, accepted and therefore paid | `500-after` (a proxy's page, not an error of Google's) `hang-after` `reset-after` `garbage` `html` `html-502` `no-name` |
//! | `poll` | the error answers above, `hang` `reset` `garbage` `html` `done-false` |
//! | `result` (once per accepted job) | `rai[:CODE]` (filtered; CODE is the support code) `code13` `error:CODE` `empty` `error-and-response` `never` `at:URL` (a video at this address) |
//! | `file` (a request for a file's metadata) | the error answers above, `processing` `failed` `hang` `reset` |
//! | `download` | the error answers above, `html` `hang` `empty` `truncated` `reset` `stall` (the last three after half of the bytes) `chunked` `slow:BYTES_A_SECOND` `redirect-other` `redirect-loop` `redirect-to:URL` `type:TYPE` (`none`: no Content-Type) `encoding:WORD` (a Content-Encoding, with unchanged bytes) `gzip` `json` (an error as 200 `video/mp4`) `half` (half of the file, announced as complete) `no-moov` `trailing` `webm` |
//! | `push` (takes no count; all named faults apply) | `twice` (one id) `forged` `old` (by ten minutes) `early` (right after acceptance, and not at the end) `off` |
//! | no fault | `download:bytes:N` (up to 1 GiB) and `render:MS` |
//!
//! `submit`, `poll` and `result` also take a complete answer: `raw:STATUS,BODY[,RETRY_AFTER]`, with
//! the body and the header in base64url without padding. `submit:raw` is not accepted,
//! `submit:raw-after` is. The body of `result:raw` is JSON and is sent with 200. In a body,
//! `{name}`, `{uri}` and (in a result) `{film}` are replaced by the operation's name, the address
//! of its video and the video in base64. A body that ends with `{cut}` breaks off there.
//!
//! Each wire expresses the faults in its own format: `no-name` is `{}`, `done-false` is an
//! interaction that is `queued`, and a filtered interaction is `completed` without a video. Where
//! the poll's answer contains the video, a `download` mark about bytes applies to that answer, and
//! one about an address is ignored. An object of Cloud Storage redirects only with the `redirect-`
//! marks.
//!
//! # Control
//!
//! | request | effect |
//! |---|---|
//! | `GET /__control/health` | `{status, origin, other}`; `other` is the base URL of the other host |
//! | `GET·POST /__control/faults` `{marks}` | the default marks; `""` removes them |
//! | `POST /__control/gate` `{step, state: "closed"\|"open", after?}` | holds every request of a step once it is recorded (`bytes` holds the second half of a file or an object); with `after`, holds a submit once it is accepted |
//! | `POST /__control/reset` | deletes all state, opens all gates, cuts hanging requests; tokens stay valid, the push address stays, numbers and ids continue; returns `{since}` |
//! | `GET /__control/requests?since=&step=` | every request, of the last 50,000: `seq atMs method path query headers apiKey authorization body bodyBytes step wire operation prompt fault status outcome`; keys, tokens (`<equal>` `<expired>` `<different>`) and assertions are replaced by a word |
//! | `GET /__control/operations` | the accepted jobs in order: `name wire id model prompt parameters request submittedBy acceptedAtMs renderMs readyAtMs toldAtMs state adopted polls file deleted`. Times are milliseconds since the epoch; `readyAtMs` is `acceptedAtMs` plus `renderMs`. `toldAtMs` is the arrival time of the first poll that reported the end, not the time its answer left; null before |
//! | `POST /__control/operations` `{model, id, file, prompt, wire?, name?, request?}` | adopts an operation that an earlier run accepted: it is rendered and `adopted`, its `submittedBy` is null, and `render-stats` ignores it. The prompt's marks apply, except `render`. Vertex AI needs `name` and `request`, Omni needs `request`; 409 if the id or the file is known |
//! | `GET /__control/render-stats` | `{rendering, maxRendering, accepted: [{id, prompt}]}`; a job renders from its acceptance until a poll reported its end |
//! | `GET /__control/wait?step=&count=&timeout_ms=&contains=&since=&outcome=` | answers once this many requests are recorded and their effects are visible: `{reached, count, requests}`; 408 on timeout |
//! | `GET /__control/counts` | `{requests: {submit, poll, …}, operations, collected, inbox}` since the start or the last reset: recorded requests by step, jobs, jobs whose end a poll reported, and received webhooks, including requests and webhooks that are no longer stored. The cost does not depend on the number of requests |
//! | `GET /__control/service-account` | the service account's file, with this server as its `token_uri` |
//! | `POST /__control/tokens/expire` | invalidates every token issued so far |
//! | `POST /__control/push` `{uri, secret}` | the address for pushes of requests that name none; `""` turns them off |
//! | `GET /__control/pushes` | every finished attempt: `atMs uri id attempt type operation prompt signed body status error` |
//! | `GET /__control/inbox?since=` | the received webhooks in the order in which they were stored, of the last 10,000. `since` is the `seq` of a webhook, for those stored after it, or a reset's `since`, for those after the reset. Fields: `seq receivedAt headers body valid reason id attempt event generationId answered`; `answered` is null until it is answered |
//! | `GET·POST /__control/inbox/mode` `{mode}` | `ok` `status:CODE[:RETRY_AFTER]` `fail-first:N` `slow:MS` (stored immediately, then as `ok` after MS milliseconds, at most 60,000) `hang` `reset` `commit-then-reset` `redirect` `endless` |
//!
//! Steps are `submit poll cancel delete file download bytes models token keys other webhook unknown`.
//! Outcomes are `pending held hung answered reset abandoned` (the caller disconnected first).
//! Webhooks go to `POST /api/webhooks/worker`; `GET /inbox` shows them in a browser.
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

mod account;
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
mod lock;
mod marks;
mod push;
mod server;
mod tokens;
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
    let options = cli::Options::parse(std::env::args().skip(1))
        .map_err(|sentence| format!("{sentence}\n{}", cli::USAGE))?;
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
