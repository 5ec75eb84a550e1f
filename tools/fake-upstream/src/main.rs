//! A local stand-in for Google's video APIs and for the app's webhook receiver, which fails on
//! demand.
//!
//! ```text
//! fake-upstream --listen 127.0.0.1:8788 --webhook-secret whsec_… [--render-ms 3000]
//!               [--other-listen 127.0.0.1:0] [--api-key KEY] [--project reelay-local] [--token-seconds 3600]
//!               [--answer-ms 0] [--push-uri URL --push-secret whsec_…]
//! ```
//!
//! Port 0 picks a free port. When it is ready it prints one line, `listening on
//! http://127.0.0.1:PORT`; SIGINT or SIGTERM end it with status 0. `--webhook-secret` takes several
//! secrets separated by commas. Only loopback addresses are accepted. With `--api-key` any other
//! key is answered like an unknown one; without it every key but `bad-key` is good. With
//! `--answer-ms N` (at most 60,000) every answer to a submit, poll, cancel, delete, file, download,
//! bytes (their beginning) or token leaves N milliseconds after its request came, later if it is
//! held longer; what the request does is done, and its time written down, when it comes. The
//! control API, the inbox, the keys and the other host are not slowed. `SIGKILL` loses everything:
//! nothing is kept on disk, but `POST /__control/operations` gives an operation back, and a token
//! of an earlier run still holds.
//!
//! # Google's wires
//!
//! Three wires share the port, the ledger, the journal, the gates and the marks. Each refuses what
//! Google refuses, in its words. The video is `assets/sample.mp4` or, with `download:bytes:N`, an
//! MP4 of N bytes of which byte `i` is `i % 251` from the 144th on (of fewer than 144 bytes all
//! are).
//!
//! ## `gemini`: Veo over the Gemini API
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1beta/models/{model}:predictLongRunning` | the operation's name |
//! | `GET /v1beta/models/{model}/operations/{id}` | the operation; `done` is absent while it renders |
//! | `GET /v1beta/files/{id}:download?alt=media` | 302 to the bytes |
//! | `GET /download/v1beta/files/{id}:download?alt=media` | the bytes; whether a key came is recorded, none is required |
//!
//! All but the last need `x-goog-api-key`: without it 403, with `bad-key` 400. A model whose id
//! contains `retired` is no longer available.
//!
//! ## `vertex`: Veo over Vertex AI
//!
//! In both versions, `v1` and `v1beta1`; `…` is
//! `/projects/{project}/locations/{location}/publishers/google/models/{model}`.
//!
//! | request | answer |
//! |---|---|
//! | `POST /token` | an access token against an assertion of `assets/service-account.json` (RS256, for an hour at most) |
//! | `POST /v1…:predictLongRunning` | the operation's name |
//! | `POST /v1…:fetchPredictOperation` `{operationName}` | the operation, with `gs://` addresses if there was a `storageUri`, else with the video in base64 |
//! | `GET /storage/v1/b/{bucket}/o/{object}?alt=media`, also under `/download` | the bytes; without `alt=media`, what is said of the object |
//!
//! All but the first need a live `Authorization: Bearer` token: else 401. Another project than
//! `--project` is 403, a region that does not exist 404. Tokens hold over a reset. There are no
//! pushes.
//!
//! ## `omni`: Gemini Omni over the Interactions API
//!
//! In both versions, `v1` and `v1beta`, with `x-goog-api-key`.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/interactions` | the interaction, `in_progress` |
//! | `GET /v1/interactions/{id}` | the interaction, at its end with `steps` and `usage`; the video inline or, with `delivery: "uri"`, as a file |
//! | `POST /v1/interactions/{id}/cancel` | the interaction, `cancelled`; 400 if it has ended |
//! | `DELETE /v1/interactions/{id}` | `{}`, and 404 from then on |
//! | `GET /v1/files/{id}` | what the Files API says: `state` is `PROCESSING`, `ACTIVE` or `FAILED` |
//! | `GET /v1/files/{id}:download?alt=media` | 302 to the bytes; 400 while the file is not active |
//!
//! A video is billed as 5,792 tokens a second at 720p, and at other resolutions as their prices
//! stand to one another.
//!
//! # Pushes
//!
//! At a job's end, polled or not, a Standard Webhook goes to each of `webhookConfig.uris`
//! (`webhook_config.uris`), signed `v1a` with the Ed25519 key of `GET /.well-known/jwks.json`;
//! without such addresses it goes to `--push-uri`, signed `v1`. It is tried four times. The body is
//! `{type, timestamp, data: {id, file_id?, video_uri?}, user_metadata?}`; types are
//! `video.generated` (a Veo job that failed is never told of), `interaction.completed` and
//! `interaction.failed`.
//!
//! # Marks
//!
//! A prompt, or `POST /__control/faults {"marks": "…"}` for all jobs, may contain marks:
//! `[[step:fault[:argument][*N]]]`, several separated by spaces in one pair of brackets or in
//! several. With `*N` only the first N requests of that step for that job meet it, and the next
//! mark of the step follows; without it all do. A prompt's own marks go before the default ones.
//! For submits and results a job is its prompt, for polls and downloads it is its operation, so
//! give each prompt a word of its own. A mark that is not understood is refused with 400.
//!
//! | step | faults |
//! |---|---|
//! | `submit`, not accepted | `429` `429-retry:22s` `429-quota[:22s]` `500` `503` `401` `404` `400-safety` `hang-before` `reset-before` `redirect` (307 to the other host) |
//! | `submit`, accepted and so paid | `500-after` (a proxy's page, no error of Google's) `hang-after` `reset-after` `garbage` `html` `html-502` `no-name` |
//! | `poll` | the error answers above, `hang` `reset` `garbage` `html` `done-false` |
//! | `result` (once per accepted job) | `rai[:CODE]` (filtered; CODE is the support code) `code13` `error:CODE` `empty` `error-and-response` `never` `at:URL` (a video said to be there) |
//! | `file` (a look at a file) | the error answers above, `processing` `failed` `hang` `reset` |
//! | `download` | the error answers above, `html` `hang` `empty` `truncated` `reset` `stall` (the last three after half of the bytes) `chunked` `slow:BYTES_A_SECOND` `redirect-other` `redirect-loop` `redirect-to:URL` `type:TYPE` (`none`: without one) `encoding:WORD` (the bytes as they are) `gzip` `json` (an error as 200 `video/mp4`) `half` (all that was announced) `no-moov` `trailing` `webm` |
//! | `push` (no count; all that are named hold) | `twice` (one id) `forged` `old` (by ten minutes) `early` (right after acceptance, and not at the end) `off` |
//! | no fault | `download:bytes:N` (up to 1 GiB) and `render:MS` |
//!
//! `submit`, `poll` and `result` also take any answer of one's own:
//! `raw:STATUS,BODY[,RETRY_AFTER]`, the body and the header in base64url without padding.
//! `submit:raw` is not accepted, `submit:raw-after` is; the body of `result:raw` is JSON and sent
//! with 200. In a body `{name}`, `{uri}` and (of a result) `{film}` become the operation's name,
//! the address of its video and the video as base64; one that ends with `{cut}` breaks off there.
//!
//! Each wire says them in its own shapes: `no-name` is `{}`, `done-false` is an interaction that is
//! `queued`, an interaction that was filtered is `completed` without a video. Where the video
//! stands in the poll's answer, what a `download` mark says of bytes holds for that answer, and
//! what it says of an address is passed over. An object of Cloud Storage has no redirect but those
//! of the `redirect-` marks.
//!
//! # Control
//!
//! | request | does |
//! |---|---|
//! | `GET /__control/health` | `{status, origin, other}`; `other` is the base URL of the other host |
//! | `GET·POST /__control/faults` `{marks}` | the default marks; `""` removes them |
//! | `POST /__control/gate` `{step, state: "closed"\|"open", after?}` | holds every request of a step once it is recorded (`bytes` is the second half of a file or an object); a submit with `after` once it is accepted |
//! | `POST /__control/reset` | forgets all, opens all gates, cuts what hangs; numbers and ids go on; `{since}` |
//! | `GET /__control/requests?since=&step=` | every request, of the last 50,000: `seq atMs method path query headers apiKey authorization body bodyBytes step wire operation prompt fault status outcome`; keys, tokens (`<equal>` `<expired>` `<different>`) and assertions are replaced by a word |
//! | `GET /__control/operations` | the accepted jobs in order: `name wire id model prompt parameters request submittedBy acceptedAtMs renderMs readyAtMs toldAtMs state adopted polls file deleted`; in milliseconds since the epoch `readyAtMs` is `acceptedAtMs` and `renderMs` together, and `toldAtMs` is when a poll was first told the end, decided as it came and not as its answer left; null before |
//! | `POST /__control/operations` `{model, id, file, prompt, wire?, name?, request?}` | adopts an operation that an earlier run accepted: rendered, `adopted`, `submittedBy` null, no part of `render-stats`; the prompt's marks hold but for `render`; Vertex AI needs the `name` and, as Omni, the `request`; 409 if the id or the file is known |
//! | `GET /__control/render-stats` | `{rendering, maxRendering, accepted: [{id, prompt}]}`; a job renders from acceptance until a poll was told its end |
//! | `GET /__control/wait?step=&count=&timeout_ms=&contains=&since=&outcome=` | answers once so many requests are recorded and what they do can be seen: `{reached, count, requests}`, 408 if they are not in time |
//! | `GET /__control/counts` | `{requests: {submit, poll, …}, operations, collected, inbox}`: how many requests of each step were recorded, jobs listed, jobs of which a poll was told the end, and webhooks kept since the start or the last reset, those forgotten since among them; as cheap with many as with few |
//! | `GET /__control/service-account` | the account's file, its `token_uri` this server's |
//! | `POST /__control/tokens/expire` | no token made so far holds any longer |
//! | `POST /__control/push` `{uri, secret}` | where pushes go that no request names a place for; `""` ends them |
//! | `GET /__control/pushes` | every attempt that has ended: `atMs uri id attempt type operation prompt signed body status error` |
//! | `GET /__control/inbox?since=` | the webhooks in the order they were kept, of the last 10,000; with the `seq` of one, those kept after it, with the reset's `since` those after the reset: `seq receivedAt headers body valid reason id attempt event generationId answered`; `answered` is null until it is |
//! | `GET·POST /__control/inbox/mode` `{mode}` | `ok` `status:CODE[:RETRY_AFTER]` `fail-first:N` `slow:MS` (kept at once, then as `ok` after MS milliseconds, at most 60,000) `hang` `reset` `commit-then-reset` `redirect` `endless` |
//!
//! Steps are `submit poll cancel delete file download bytes token keys other webhook unknown`;
//! outcomes are `pending held hung answered reset abandoned` (the caller went away first). Webhooks
//! go to `POST /api/webhooks/worker`; `GET /inbox` shows them to people.
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
