//! The command line.

use std::net::SocketAddr;
use std::time::Duration;

/// The maximum of `--answer-ms`.
const MAX_ANSWER_MS: u64 = 60_000;

/// The usage text, shown when the arguments are not understood.
pub(crate) const USAGE: &str = "usage: fake-upstream --listen 127.0.0.1:8788 --webhook-secret whsec_… \
     [--render-ms 3000] [--other-listen 127.0.0.1:0] [--api-key KEY] [--project reelay-local] [--token-seconds 3600] \
     [--answer-ms 0] [--push-uri URL --push-secret whsec_…]";

/// The command line's options.
#[derive(Debug)]
pub(crate) struct Options {
    /// `--listen`: where Google's wire, the inbox and the control API are served; port 0 picks a
    /// free one.
    pub(crate) listen: SocketAddr,
    /// `--other-listen`: the listener that plays another host; a free loopback port by default.
    pub(crate) other_listen: SocketAddr,
    /// `--webhook-secret`: one or several secrets (comma-separated) whose signatures the inbox
    /// accepts.
    pub(crate) webhook_secrets: Vec<String>,
    /// `--render-ms`: how long a render takes unless a mark says otherwise.
    pub(crate) render: Duration,
    /// `--api-key`: the only key accepted; without it any key but `bad-key` is.
    pub(crate) api_key: Option<String>,
    /// `--project`: the only project of Vertex AI.
    pub(crate) project: String,
    /// `--token-seconds`: how long an access token is valid.
    pub(crate) token_lifetime: Duration,
    /// `--answer-ms`: how long after its request an answer of Google's services leaves.
    pub(crate) answer: Duration,
    /// `--push-uri`: the address for pushes of requests that name none.
    pub(crate) push_uri: Option<String>,
    /// `--push-secret`: the secret that signs those pushes.
    pub(crate) push_secret: Option<String>,
}

impl Options {
    /// Reads the arguments after the program's name; the error is one sentence.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut listen = None;
        let mut secrets = None;
        let mut options = Self {
            listen: loopback(),
            other_listen: loopback(),
            webhook_secrets: Vec::new(),
            render: Duration::from_secs(3),
            api_key: None,
            project: "reelay-local".to_owned(),
            token_lifetime: Duration::from_hours(1),
            answer: Duration::ZERO,
            push_uri: None,
            push_secret: None,
        };
        let mut arguments = arguments;
        while let Some(flag) = arguments.next() {
            let Some(value) = arguments.next() else {
                return Err(format!("{flag} needs a value"));
            };
            match flag.as_str() {
                "--listen" => listen = Some(address(&flag, &value)?),
                "--other-listen" => options.other_listen = address(&flag, &value)?,
                "--webhook-secret" => secrets = Some(value),
                "--render-ms" => {
                    let ms = value
                        .parse()
                        .map_err(|_| "--render-ms needs whole milliseconds".to_owned())?;
                    options.render = Duration::from_millis(ms);
                }
                "--api-key" => options.api_key = Some(value),
                "--project" => options.project = value,
                "--token-seconds" => {
                    let seconds = value
                        .parse()
                        .map_err(|_| "--token-seconds needs whole seconds".to_owned())?;
                    options.token_lifetime = Duration::from_secs(seconds);
                }
                "--answer-ms" => {
                    let ms = value.parse().ok().filter(|ms| *ms <= MAX_ANSWER_MS);
                    let ms = ms.ok_or_else(|| {
                        format!("--answer-ms needs whole milliseconds, at most {MAX_ANSWER_MS}")
                    })?;
                    options.answer = Duration::from_millis(ms);
                }
                "--push-uri" => options.push_uri = Some(value),
                "--push-secret" => options.push_secret = Some(value),
                _ => return Err(format!("unknown argument {flag}")),
            }
        }
        if options.push_uri.is_some() != options.push_secret.is_some() {
            return Err("--push-uri and --push-secret belong together".to_owned());
        }
        options.listen = listen.ok_or("--listen is missing")?;
        options.webhook_secrets = secrets
            .ok_or("--webhook-secret is missing")?
            .split(',')
            .map(|secret| secret.trim().to_owned())
            .collect();
        Ok(options)
    }
}

/// A free port on the loopback interface.
fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Reads an address. Refuses one that other machines could reach: this process obeys every caller.
fn address(flag: &str, value: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = value
        .parse()
        .map_err(|_| format!("{flag} needs an address such as 127.0.0.1:8788"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(format!("{flag} must be a loopback address"))
    }
}
