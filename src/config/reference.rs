//! Every variable of the worker, with its default and its meaning: the tables of
//! `docs/settings.md`. What a value must be comes from the parser's own error, so it is not
//! repeated here. Host only: the worker never reads it.

use crate::config::read::WEBHOOK_WAITS;
use crate::upstream::google::key_api::GOOGLE_API_URL;
use crate::upstream::vertex::{DEFAULT_LOCATION, DEFAULT_STORAGE};

/// One variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    pub name: &'static str,
    pub default: DefaultValue,
    /// Whether it is set with `wrangler secret put` and not in `wrangler.toml`.
    pub is_secret: bool,
    /// What it does, in Markdown.
    pub meaning: &'static str,
}

/// What applies when a variable is not set.
#[derive(Debug, Clone, Copy)]
pub enum DefaultValue {
    /// Without it, every request fails.
    Required,
    /// Nothing: the feature is off.
    None,
    /// The same as this value.
    Value(&'static str),
    /// A default described in these words.
    Words(&'static str),
}

/// The variables of one subject.
#[derive(Debug, Clone, Copy)]
pub struct VariableGroup {
    pub title: &'static str,
    pub settings: &'static [Variable],
}

const fn setting(name: &'static str, default: DefaultValue, meaning: &'static str) -> Variable {
    Variable {
        name,
        default,
        is_secret: false,
        meaning,
    }
}

const fn secret(name: &'static str, default: DefaultValue, meaning: &'static str) -> Variable {
    Variable {
        is_secret: true,
        ..setting(name, default, meaning)
    }
}

use DefaultValue::{None, Required, Value, Words};

/// Every variable.
pub const SETTINGS: &[VariableGroup] = &[
    VariableGroup {
        title: "The app and its tokens",
        settings: APP,
    },
    VariableGroup {
        title: "Video services",
        settings: SERVICES,
    },
    VariableGroup {
        title: "Models",
        settings: MODELS,
    },
    VariableGroup {
        title: "The queue and its limits",
        settings: QUEUE,
    },
    VariableGroup {
        title: "Rendering and storing",
        settings: RENDERING,
    },
    VariableGroup {
        title: "Webhooks to the app",
        settings: WEBHOOKS,
    },
    VariableGroup {
        title: "Alerts",
        settings: ALERTS,
    },
    VariableGroup {
        title: "The worker",
        settings: WORKER,
    },
];

const APP: &[Variable] = &[
    secret(
        "JWT_SECRET",
        Required,
        "The HS256 key of users' tokens. Signed video addresses use a key derived from it.",
    ),
    secret(
        "API_KEY",
        None,
        "The token of your app's own server. It acts for the user that a request names.",
    ),
    secret(
        "ADMIN_KEY",
        None,
        "The token of an operator. It gives access to the operator routes.",
    ),
    setting(
        "ENVIRONMENT",
        Value("production"),
        "`development` accepts `dev_<userId>` tokens, the secrets of `.dev.vars`, and an app \
         without TLS.",
    ),
    setting(
        "CORS_ORIGINS",
        None,
        "The browser origins that may call the API, with any request headers.",
    ),
    setting(
        "PUBLIC_URL",
        Words("the address of the request"),
        "The address under which the app reaches the worker. Links and video addresses begin with \
         it.",
    ),
];

const SERVICES: &[Variable] = &[
    secret(
        "VERTEX_SERVICE_ACCOUNT",
        None,
        "The key of the service account for Vertex AI. Set this, `GEMINI_API_KEY`, \
         `VEO3_API_KEY` or `DEMO`: at least one provider is required.",
    ),
    setting(
        "VERTEX_PROJECT",
        Words("the account's own"),
        "The Google Cloud project that is billed.",
    ),
    setting(
        "VERTEX_LOCATION",
        Value(DEFAULT_LOCATION),
        "Where Vertex AI renders.",
    ),
    setting(
        "VERTEX_OUTPUT",
        None,
        "Where Vertex AI writes the videos. Without it, the answer to a poll contains the video.",
    ),
    setting(
        "VERTEX_API_URL",
        Words("by location"),
        "The address of Vertex AI.",
    ),
    setting(
        "VERTEX_STORAGE_URL",
        Value(DEFAULT_STORAGE),
        "The address of Google's Cloud Storage.",
    ),
    secret(
        "GEMINI_API_KEY",
        None,
        "The key of the Gemini API, for Gemini Omni.",
    ),
    setting(
        "GEMINI_API_URL",
        Value(GOOGLE_API_URL),
        "The address of the Interactions API.",
    ),
    secret(
        "VEO3_API_KEY",
        None,
        "The key of a gateway that serves Veo through the older Gemini API.",
    ),
    setting(
        "VEO3_API_URL",
        Value(GOOGLE_API_URL),
        "The address of that gateway. Set it: Google no longer serves Veo at the default address.",
    ),
    setting(
        "DEMO",
        Words("on in development"),
        "`true` offers the model `demo`, which costs nothing and needs no key. See \
         [The demo](demo.md).",
    ),
    secret(
        "UPSTREAM_WEBHOOK_SECRET",
        None,
        "Turns on Google's webhooks: the secrets of a webhook registered with Google, or \
         `per-request`. See [Google's webhooks](video-services.md#googles-webhooks).",
    ),
    setting(
        "UPSTREAM_TIMEOUT_MS",
        Value("60000"),
        "How long a submit or a poll may take, in milliseconds.",
    ),
];

const MODELS: &[Variable] = &[
    setting(
        "DEFAULT_MODEL",
        Words("the first that is configured"),
        "The model of an order that names none.",
    ),
    setting(
        "MODEL_ALIASES",
        None,
        "Current models for old names, such as `veo-3.0-generate-001=veo-3.1-generate-001`.",
    ),
];

const QUEUE: &[Variable] = &[
    setting(
        "DISPATCH_MODE",
        Value("immediate"),
        "The dispatch mode: how a waiting job is started. `immediate`: by its own request, or when a \
         slot frees up. `alarm`: by the queue's alarm, which gathers 250 ms of orders. `queue`: by \
         the consumer of a Cloudflare Queue. `cron`: by the cron trigger, each minute.",
    ),
    setting(
        "MAX_CONCURRENT_JOBS",
        Value("3"),
        "How many jobs may run at once.",
    ),
    setting(
        "MAX_CONCURRENT_JOBS_PER_USER",
        Words("`MAX_CONCURRENT_JOBS`"),
        "How many jobs of one user may run at once.",
    ),
    setting(
        "MAX_SUBMITS_PER_MINUTE",
        Words("[by model](models.md)"),
        "How many renders are submitted per minute, for each video service and model.",
    ),
    setting(
        "MAX_QUEUE_LENGTH",
        Value("10000"),
        "How many jobs may wait, besides as many as there are free slots. Beyond it, orders get \
         429 `queue_full`.",
    ),
    setting(
        "MAX_COST_PER_DAY",
        None,
        "What all users together may spend within a UTC day. Beyond it, orders get 402 \
         `budget_exceeded`.",
    ),
    setting(
        "MAX_COST_PER_USER_PER_DAY",
        Words("none; required with `MAX_COST_PER_DAY`"),
        "What one user may spend within a UTC day.",
    ),
    setting(
        "MAX_USER_PRIORITY",
        Value("0"),
        "The highest `priority` of an order that a user's own token sends. The token's claim \
         `maxPriority` comes before it. The service key and operators may order up to 10.",
    ),
    setting(
        "START_TIMEOUT_MS",
        None,
        "How long a job may wait to be started, in milliseconds. Then it fails with \
         `deadline_exceeded`. An order's own `startTimeoutMs` may be shorter.",
    ),
];

const RENDERING: &[Variable] = &[
    setting(
        "JOB_TIMEOUT_MS",
        Value("600000"),
        "How long a job may take from its start to the end of its render, in milliseconds. Must be \
         longer than `POLL_INTERVAL_MS`. An order's own `timeoutMs` may be shorter.",
    ),
    setting(
        "POLL_INTERVAL_MS",
        Value("2500"),
        "How often a render is polled at first, in milliseconds. Polls come half as often after 48 \
         intervals, and a sixth as often after 240.",
    ),
    setting(
        "MAX_RETRIES",
        Value("3"),
        "How often a failed step is retried. Refusals with 429, 503 or 529 do not count.",
    ),
    setting(
        "UNKNOWN_SUBMIT",
        Value("fail"),
        "What happens when the answer to a paid submit is lost. `fail` never pays twice. `retry` \
         submits again and may pay twice.",
    ),
    setting(
        "ENABLE_CLARIFICATIONS",
        Value("false"),
        "`true`: a prompt that the safety filter refuses may be replaced within a day. Otherwise \
         the job fails.",
    ),
    setting(
        "DOWNLOAD_IDLE_MS",
        Value("30000"),
        "A video's download is cut off and repeated when no byte arrives for this time, in \
         milliseconds, or fewer than 8 KiB a second on average.",
    ),
    setting(
        "STORE_TIMEOUT_MS",
        Value("900000"),
        "The minimum time for which storing a rendered video is tried, in milliseconds. 0: only \
         `MAX_RETRIES` counts.",
    ),
    setting(
        "CLEANUP_RETENTION_DAYS",
        Value("7"),
        "The retention: how many days an ended generation is kept, with its video.",
    ),
];

const WEBHOOKS: &[Variable] = &[
    setting(
        "NEXTJS_URL",
        Words("required, unless `WEBHOOK_URL` is set"),
        "The app's address. Webhooks go to `/api/webhooks/worker` below it.",
    ),
    setting(
        "WEBHOOK_URL",
        Words("below `NEXTJS_URL`"),
        "The whole address of the app's webhook route. `NEXTJS_URL` is then checked but not used.",
    ),
    secret(
        "WEBHOOK_SECRET",
        Required,
        "Signs the webhooks. List several while you replace one: each webhook carries a signature \
         of every secret.",
    ),
    setting(
        "WEBHOOK_EVENTS",
        Value(
            "generation.pending_clarification,generation.completed,generation.failed,\
             generation.cancelled",
        ),
        "Which events are sent.",
    ),
    setting(
        "WEBHOOK_RETRY_SECONDS",
        Value(WEBHOOK_WAITS),
        "The wait before each attempt of a webhook, including the first.",
    ),
];

const ALERTS: &[Variable] = &[
    secret(
        "ALERT_WEBHOOK_URL",
        None,
        "Where [alerts](alerts.md) go, such as an incoming webhook of Slack or Discord. Without it, \
         alerts are only logged and shown.",
    ),
    secret(
        "ALERT_WEBHOOK_SECRET",
        Words("`WEBHOOK_SECRET`"),
        "Signs the messages about alerts.",
    ),
    setting(
        "ALERT_KINDS",
        Words("all"),
        "Which alerts fire. `none` turns all of them off.",
    ),
    setting(
        "ALERT_UPSTREAM_AFTER_MS",
        Value("300000"),
        "How long a video service accepts no submits before `upstream_unavailable` fires, in \
         milliseconds.",
    ),
    setting(
        "ALERT_WAIT_MS",
        Value("900000"),
        "How long the oldest waiting job has waited when `long_wait` fires, in milliseconds.",
    ),
    setting(
        "ALERT_BUDGET_PERCENT",
        Value("80"),
        "How much of `MAX_COST_PER_DAY` is used when `budget_used` fires, in percent.",
    ),
];

const WORKER: &[Variable] = &[setting(
    "LOG_LEVEL",
    Value("INFO"),
    "The lowest level that is logged. `DEBUG` also logs each poll.",
)];
