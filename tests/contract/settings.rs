//! An invalid setting is named; its value is never shown.

use crate::variables::{JWT_SECRET, REQUIRED, WEBHOOK_SECRET, config_with, errors_of};
use reelay::config::reference::SETTINGS;
use reelay::config::{Config, ConfigErrors, Environment};
use reelay::machine::delivery::EventKind;
use reelay::machine::job::UnknownSubmit;
use reelay::machine::queue::{Mode, Policy};
use reelay::models::Aliases;
use reelay::time::DAY;
use reelay::variables::{NotText, Platform};
use tracing::Level;
use worker::Fetcher;

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let config = config_with(&[]).expect("valid settings");
    assert_eq!(config.environment, Environment::Production);
    assert_eq!(config.queue.mode, Mode::Immediate);
    assert_eq!(
        (
            config.queue.slots,
            config.queue.user_slots,
            config.queue.max_waiting
        ),
        (3, Policy::UNLIMITED, 10_000)
    );
    assert_eq!(config.download_idle, 30_000);
    assert_eq!(
        (config.queue.submits_per_minute, config.submits_per_minute),
        (Policy::UNLIMITED, None)
    );
    assert_eq!(config.queue.retention, 7 * DAY);
    assert_eq!(
        (
            config.queue.max_cost_per_day,
            config.queue.max_cost_per_user_per_day
        ),
        (None, None)
    );
    assert!(!config.job.clarifications);
    assert_eq!(
        (config.job.max_retries, config.job.job_timeout),
        (3, 600_000)
    );
    assert_eq!(config.job.store_timeout, 900_000);
    assert_eq!(
        (config.job.poll_interval, config.start_timeout),
        (2_500, None)
    );
    assert_eq!(config.job.unknown_submit, UnknownSubmit::Fail);
    assert_eq!(
        config.job.webhook_schedule,
        [
            0, 5_000, 15_000, 45_000, 120_000, 300_000, 1_800_000, 7_200_000, 18_000_000,
            36_000_000, 36_000_000
        ]
    );
    assert_eq!(
        config.job.events.into_iter().collect::<Vec<_>>(),
        [
            EventKind::PendingClarification,
            EventKind::Completed,
            EventKind::Failed,
            EventKind::Cancelled
        ]
    );
    assert_eq!(config.providers.names(), ["veo3"]);
    assert_eq!(config.default_model, None);
    assert_eq!(config.model_aliases, Aliases::NONE);
    assert_eq!(
        (config.public_url, config.api_key, config.admin_key),
        (None, None, None)
    );
    assert!(config.cors_origins.is_empty());
    assert_eq!(config.log_level, Level::INFO);
}

#[test]
fn every_variable_is_read() {
    let config = config_with(&[
        ("ENVIRONMENT", "development"),
        ("DISPATCH_MODE", "alarm"),
        ("MAX_CONCURRENT_JOBS", "7"),
        ("MAX_CONCURRENT_JOBS_PER_USER", "2"),
        ("MAX_SUBMITS_PER_MINUTE", "4"),
        ("MAX_COST_PER_DAY", "25"),
        ("MAX_COST_PER_USER_PER_DAY", " 12.50 "),
        ("CLEANUP_RETENTION_DAYS", "90"),
        ("ENABLE_CLARIFICATIONS", "true"),
        ("MAX_QUEUE_LENGTH", "0"),
        ("MAX_RETRIES", "0"),
        ("STORE_TIMEOUT_MS", "0"),
        ("DOWNLOAD_IDLE_MS", "1000"),
        ("JOB_TIMEOUT_MS", "60000"),
        ("UNKNOWN_SUBMIT", "retry"),
        ("POLL_INTERVAL_MS", "250"),
        ("START_TIMEOUT_MS", "5000"),
        ("WEBHOOK_EVENTS", "generation.started, generation.completed"),
        ("WEBHOOK_RETRY_SECONDS", "0, 1, 2"),
        ("VEO3_API_URL", "http://127.0.0.1:8788"),
        ("NEXTJS_URL", "http://app.internal:3000/base"),
        ("PUBLIC_URL", "https://video.example.com/"),
        (
            "CORS_ORIGINS",
            "https://app.example.com, http://localhost:3000/",
        ),
        ("API_KEY", "0123456789abcdef"),
        ("LOG_LEVEL", "DEBUG"),
        ("ADMIN_KEY", "fedcba9876523210"),
        ("DEFAULT_MODEL", "veo-3.1-fast-generate-001"),
        (
            "MODEL_ALIASES",
            "veo-3.0-generate-001=veo-3.1-generate-001, my-model = gemini-omni-1.2-flash",
        ),
        (
            "WEBHOOK_SECRET",
            &format!("{WEBHOOK_SECRET},{WEBHOOK_SECRET}"),
        ),
    ])
    .expect("valid settings");
    assert_eq!(config.environment, Environment::Development);
    assert_eq!((config.queue.slots, config.queue.max_waiting), (7, 0));
    assert_eq!(config.queue.max_cost_per_day, Some(25_000_000));
    assert_eq!(config.queue.max_cost_per_user_per_day, Some(12_500_000));
    assert_eq!(
        (
            config.job.max_retries,
            config.job.store_timeout,
            config.job.job_timeout
        ),
        (0, 0, 60_000)
    );
    assert_eq!(config.download_idle, 1_000);
    assert_eq!(
        (config.queue.submits_per_minute, config.submits_per_minute),
        (4, Some(4))
    );
    assert_eq!(config.job.unknown_submit, UnknownSubmit::Retry);
    assert_eq!(
        (config.job.poll_interval, config.start_timeout),
        (250, Some(5_000))
    );
    assert_eq!(config.job.webhook_schedule, [0, 1_000, 2_000]);
    assert!(config.job.events.contains(&EventKind::Started) && config.job.events.len() == 2);
    assert_eq!(
        config.public_url.as_deref(),
        Some("https://video.example.com")
    );
    assert_eq!(
        config.cors_origins,
        ["https://app.example.com", "http://localhost:3000"]
    );
    assert_eq!(
        config.webhook_secrets,
        [
            b"0123456789abcdef0123456789abcdef",
            b"0123456789abcdef0123456789abcdef"
        ]
    );
    assert_eq!(config.default_model, Some("veo-3.1-fast-generate-001"));
    assert_eq!(config.log_level, Level::DEBUG);
    assert_eq!(
        config.model_aliases.resolve("veo-3.0-generate-001"),
        "veo-3.1-generate-001"
    );
}

#[test]
fn a_bad_value_names_its_variable_and_what_was_wanted_but_not_itself() {
    let short_secret = "whsec_c2hvcnQ=";
    for (variable, value) in [
        ("ENVIRONMENT", "staging-xyz"),
        ("DISPATCH_MODE", "sometimes-xyz"),
        ("MAX_CONCURRENT_JOBS", "-xyz"),
        ("MAX_CONCURRENT_JOBS", "1001"),
        ("MAX_CONCURRENT_JOBS_PER_USER", "1001"),
        ("MAX_CONCURRENT_JOBS_PER_USER", "-xyz"),
        ("MAX_SUBMITS_PER_MINUTE", "-xyz"),
        ("MAX_SUBMITS_PER_MINUTE", "100001"),
        ("MAX_COST_PER_DAY", "-5.17"),
        ("MAX_COST_PER_DAY", "$17"),
        ("MAX_COST_PER_DAY", "1e3"),
        ("MAX_COST_PER_DAY", "17,50"),
        ("MAX_COST_PER_DAY", "0.0000001"),
        ("MAX_COST_PER_DAY", "1000000.000001"),
        ("MAX_COST_PER_USER_PER_DAY", "17."),
        ("MAX_COST_PER_USER_PER_DAY", ".77"),
        ("MAX_COST_PER_USER_PER_DAY", "99999999999999999999"),
        ("CLEANUP_RETENTION_DAYS", "-xyz"),
        ("CLEANUP_RETENTION_DAYS", "3651"),
        ("ENABLE_CLARIFICATIONS", "yes-xyz"),
        ("MAX_QUEUE_LENGTH", "1e9"),
        ("MAX_RETRIES", "11"),
        ("STORE_TIMEOUT_MS", "-xyz"),
        ("DOWNLOAD_IDLE_MS", "999"),
        ("DOWNLOAD_IDLE_MS", "120001"),
        ("JOB_TIMEOUT_MS", "soon-xyz"),
        ("JOB_TIMEOUT_MS", "2321"),
        ("UNKNOWN_SUBMIT", "maybe-xyz"),
        ("START_TIMEOUT_MS", "999"),
        ("POLL_INTERVAL_MS", "99"),
        ("POLL_INTERVAL_MS", "600001"),
        ("WEBHOOK_EVENTS", "generation.paused"),
        ("WEBHOOK_RETRY_SECONDS", "0,soon-xyz"),
        ("WEBHOOK_RETRY_SECONDS", "604801"),
        ("NEXTJS_URL", "app-xyz"),
        ("NEXTJS_URL", "http://app-xyz.example.com"),
        ("NEXTJS_URL", "ftp://app-xyz.example.com"),
        ("NEXTJS_URL", "https://user:pass@app.example.com"),
        ("VEO3_API_URL", "http://upstream-xyz.example.com"),
        ("VEO3_API_KEY", "key\u{200b}xyz"),
        ("GEMINI_API_KEY", "key xyz"),
        ("VEO3_API_URL", "https://upstream-xyz.example.com/?key=1"),
        ("PUBLIC_URL", "video-xyz.example.com"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://app-xyz.example.com/path"),
        ("JWT_SECRET", "short-xyz"),
        ("API_KEY", "short-xyz"),
        ("ADMIN_KEY", "short-xyz"),
        ("ALERT_WEBHOOK_URL", "hooks-xyz"),
        ("ALERT_WEBHOOK_SECRET", "whsec_!xyz!"),
        ("ALERT_KINDS", "long-wait-xyz"),
        ("ALERT_UPSTREAM_AFTER_MS", "999"),
        ("ALERT_WAIT_MS", "-xyz"),
        ("ALERT_BUDGET_PERCENT", "101"),
        ("LOG_LEVEL", "TRACE-xyz"),
        ("LOG_LEVEL", "info"),
        ("DEFAULT_MODEL", "veo-9-xyz"),
        ("DEFAULT_MODEL", "veo-3.0-generate-001"),
        ("MODEL_ALIASES", "xyz"),
        ("MODEL_ALIASES", "xyz=veo-9"),
        ("MODEL_ALIASES", "xyz=veo-3.0-generate-001"),
        ("MODEL_ALIASES", "=veo-3.1-generate-001"),
        ("WEBHOOK_SECRET", "no-prefix-xyz"),
        ("WEBHOOK_SECRET", "whsec_!xyz!"),
        ("WEBHOOK_SECRET", short_secret),
        (
            "WEBHOOK_SECRET",
            &format!("{WEBHOOK_SECRET},{short_secret}"),
        ),
    ] {
        let error = config_with(&[(variable, value)]).expect_err(variable);
        assert_eq!(error.variable, variable);
        let sentence = error.to_string();
        assert!(
            sentence.starts_with(&format!("the variable {variable} must be ")),
            "{sentence}"
        );
        assert!(!sentence.contains(value) || value == "*", "{sentence}");
    }
}

#[test]
fn a_missing_required_variable_is_named() {
    for variable in ["NEXTJS_URL", "WEBHOOK_SECRET", "JWT_SECRET"] {
        let error = config_with(&[(variable, "  ")]).expect_err(variable);
        assert_eq!(error.variable, variable);
    }
}

#[test]
fn every_wrong_setting_is_named_at_once_and_each_of_them_once() {
    let errors = errors_of(&[
        ("NEXTJS_URL", ""),
        ("WEBHOOK_SECRET", "no-prefix"),
        ("JWT_SECRET", ""),
        ("API_KEY", "short"),
        ("ADMIN_KEY", "short"),
        ("DISPATCH_MODE", "soon"),
        ("MAX_RETRIES", "many"),
        ("UPSTREAM_TIMEOUT_MS", "1"),
        ("LOG_LEVEL", "loud"),
    ]);
    let errors = errors.expect_err("nothing of it is right");
    let named: Vec<&str> = errors.list().iter().map(|error| error.variable).collect();
    assert_eq!(
        named,
        [
            "NEXTJS_URL",
            "JWT_SECRET",
            "WEBHOOK_SECRET",
            "API_KEY",
            "ADMIN_KEY",
            "UPSTREAM_TIMEOUT_MS",
            "MAX_RETRIES",
            "DISPATCH_MODE",
            "LOG_LEVEL",
        ]
    );
    let sentence = errors.to_string();
    assert_eq!(sentence.matches("; the variable ").count(), 8, "{sentence}");
    let published = [
        ("JWT_SECRET", "development-only-jwt-secret-do-not-deploy"),
        ("API_KEY", "development-only-api-key"),
    ];
    let errors = errors_of(&published).expect_err("published secrets");
    assert_eq!(errors.list().len(), 2, "{errors}");
}

fn names(errors: &ConfigErrors) -> Vec<&'static str> {
    errors.list().iter().map(|error| error.variable).collect()
}

#[test]
fn every_wrong_setting_of_one_provider_and_of_the_receiver_is_named_at_once() {
    type Set = [(&'static str, &'static str)];
    let cases: [(&Set, &[&str]); 3] = [
        (
            &[
                ("VEO3_API_KEY", "key xyz"),
                ("VEO3_API_URL", "http://gateway.example.com"),
                ("UPSTREAM_TIMEOUT_MS", "1"),
            ],
            &["VEO3_API_URL", "UPSTREAM_TIMEOUT_MS", "VEO3_API_KEY"],
        ),
        (
            &[
                ("VERTEX_SERVICE_ACCOUNT", "{}"),
                ("VERTEX_API_URL", "xyz"),
                ("VERTEX_PROJECT", "x"),
                ("VERTEX_LOCATION", "xyz"),
                ("VERTEX_OUTPUT", "xyz"),
                ("VERTEX_STORAGE_URL", "xyz"),
            ],
            &[
                "VERTEX_API_URL",
                "VERTEX_SERVICE_ACCOUNT",
                "VERTEX_PROJECT",
                "VERTEX_LOCATION",
                "VERTEX_OUTPUT",
                "VERTEX_STORAGE_URL",
            ],
        ),
        (
            &[("WEBHOOK_URL", "xyz"), ("NEXTJS_URL", "xyz")],
            &["WEBHOOK_URL", "NEXTJS_URL"],
        ),
    ];
    for (variables, expected) in cases {
        let errors = errors_of(variables).expect_err("wrong settings");
        assert_eq!(names(&errors), expected);
    }
}

#[test]
fn the_time_limit_of_the_upstream_is_read_whichever_provider_is_set_up() {
    let bad = ("UPSTREAM_TIMEOUT_MS", "1");
    let demo = [("VEO3_API_KEY", ""), ("DEMO", "true"), bad];
    for variables in [[bad].as_slice(), &demo] {
        let errors = errors_of(variables).expect_err("too short");
        assert_eq!(names(&errors), ["UPSTREAM_TIMEOUT_MS"]);
    }
}

/// The settings of development, one of which is a list or an object.
struct NotAText(&'static str);

impl Platform for NotAText {
    fn text(&self, name: &str) -> Result<Option<String>, NotText> {
        let known = include_str!("../../.dev.vars").lines().find_map(|line| {
            let (known, value) = line.split_once('=')?;
            (known == name).then(|| value.to_owned())
        });
        if name == self.0 {
            Err(NotText)
        } else {
            Ok(known)
        }
    }

    fn has_binding(&self, _: &str) -> bool {
        true
    }

    fn assets(&self, _: &str) -> Option<Fetcher> {
        None
    }
}

#[test]
fn no_setting_that_is_a_list_or_an_object_is_passed_over() {
    assert!(Config::parse(&NotAText("")).is_ok());
    for variable in SETTINGS.iter().flat_map(|group| group.settings) {
        let errors = Config::parse(&NotAText(variable.name)).expect_err(variable.name);
        let mut own = errors
            .list()
            .iter()
            .filter(|error| error.variable == variable.name);
        let wanted = "a text in quotes, not a list or an object";
        assert_eq!(
            own.next().map(|error| error.wanted.as_str()),
            Some(wanted),
            "{errors}"
        );
        assert_eq!(own.next(), None, "{errors}");
    }
}

/// Settings on a platform without these bindings.
struct Without<'a>(&'a [(&'a str, &'a str)], &'a [&'a str]);

impl Platform for Without<'_> {
    fn text(&self, name: &str) -> Result<Option<String>, NotText> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        Ok(found.map(|(_, value)| (*value).to_owned()))
    }

    fn has_binding(&self, name: &str) -> bool {
        !self.1.contains(&name)
    }

    fn assets(&self, _: &str) -> Option<Fetcher> {
        None
    }
}

#[test]
fn a_setting_that_needs_a_binding_is_refused_without_it() {
    let cases = [
        ("DISPATCH_MODE", "queue", "DISPATCH"),
        ("DEMO", "true", "ASSETS"),
    ];
    for (variable, value, binding) in cases {
        let all: Vec<(&str, &str)> = REQUIRED
            .iter()
            .copied()
            .chain([(variable, value)])
            .collect();
        assert!(Config::parse(&Without(&all, &[])).is_ok(), "{variable}");
        let errors = Config::parse(&Without(&all, &[binding])).expect_err(variable);
        let [error] = errors.list() else {
            panic!("{errors}")
        };
        assert_eq!(error.variable, variable);
        assert!(error.wanted.contains(binding), "{error}");
        // What needs no binding is accepted without it.
        assert!(Config::parse(&Without(&REQUIRED, &[binding])).is_ok());
    }
}

#[test]
fn the_demo_is_a_provider_in_development_or_where_it_is_turned_on() {
    let names = |variables: &[(&str, &str)]| {
        config_with(variables)
            .map(|config| config.providers.names())
            .map_err(|error| error.variable)
    };
    let development = ("ENVIRONMENT", "development");
    let no_key = ("VEO3_API_KEY", "");
    assert_eq!(names(&[]), Ok(vec!["veo3"]));
    assert_eq!(names(&[development]), Ok(vec!["veo3", "demo"]));
    assert_eq!(names(&[development, ("DEMO", "false")]), Ok(vec!["veo3"]));
    assert_eq!(names(&[("DEMO", "true")]), Ok(vec!["veo3", "demo"]));
    assert_eq!(names(&[no_key, ("DEMO", "true")]), Ok(vec!["demo"]));
    assert_eq!(names(&[no_key]), Err("VERTEX_SERVICE_ACCOUNT"));
    assert_eq!(names(&[("DEMO", "yes")]), Err("DEMO"));
    let all = [REQUIRED.as_slice(), &[development]].concat();
    let without = Config::parse(&Without(&all, &["ASSETS"])).expect("valid settings");
    assert_eq!(
        without.providers.names(),
        ["veo3"],
        "there is nothing to show"
    );
}

#[test]
fn one_provider_must_be_set_up_and_each_way_is_named() {
    let error = config_with(&[("VEO3_API_KEY", "")]).expect_err("no provider");
    for variable in [
        "VERTEX_SERVICE_ACCOUNT",
        "GEMINI_API_KEY",
        "VEO3_API_KEY",
        "DEMO",
    ] {
        assert!(error.to_string().contains(variable), "{error}");
    }
}

#[test]
fn every_mode_is_called_by_its_word_and_by_no_other_spelling() {
    let words = [
        ("immediate", Mode::Immediate),
        ("cron", Mode::Cron),
        ("alarm", Mode::Alarm),
        ("queue", Mode::Queue),
        (" alarm ", Mode::Alarm),
        ("", Mode::Immediate),
    ];
    for (word, mode) in words {
        assert_eq!(
            config_with(&[("DISPATCH_MODE", word)])
                .expect(word)
                .queue
                .mode,
            mode
        );
    }
    let error = config_with(&[("DISPATCH_MODE", "Queue")]).expect_err("another spelling");
    assert!(
        error.to_string().contains("immediate, cron, alarm, queue"),
        "{error}"
    );
}

#[test]
fn nothing_that_would_stop_all_work_is_taken() {
    for variable in [
        "MAX_CONCURRENT_JOBS",
        "MAX_CONCURRENT_JOBS_PER_USER",
        "MAX_SUBMITS_PER_MINUTE",
        "MAX_COST_PER_DAY",
        "MAX_COST_PER_USER_PER_DAY",
        "CLEANUP_RETENTION_DAYS",
    ] {
        assert_eq!(
            config_with(&[(variable, "0")])
                .expect_err(variable)
                .variable,
            variable
        );
    }
}

#[test]
fn an_amount_of_dollars_is_read_to_the_last_millionth() {
    for (text, micros) in [
        ("1", 1_000_000),
        ("0.01", 10_000),
        ("0.29", 290_000),
        ("3.000001", 3_000_001),
    ] {
        let limits = [
            ("MAX_COST_PER_DAY", text),
            ("MAX_COST_PER_USER_PER_DAY", text),
        ];
        let policy = config_with(&limits).expect("valid settings").queue;
        assert_eq!(
            [policy.max_cost_per_day, policy.max_cost_per_user_per_day],
            [Some(micros); 2],
            "{text}"
        );
    }
    let error = config_with(&[("MAX_COST_PER_DAY", "lots")]).expect_err("no amount");
    assert_eq!(
        error.to_string(),
        "the variable MAX_COST_PER_DAY must be an amount of US dollars such as 25 or 12.50, above 0 and at most 1000000"
    );
}

#[test]
fn a_budget_for_all_needs_one_for_each_so_that_no_user_can_use_it_up() {
    let error = config_with(&[("MAX_COST_PER_DAY", "25")]).expect_err("one user may spend it all");
    assert_eq!(error.variable, "MAX_COST_PER_USER_PER_DAY");
    let sentence = error.to_string();
    assert!(
        sentence.contains("MAX_COST_PER_DAY") && sentence.contains("one user"),
        "{sentence}"
    );
    assert!(config_with(&[("MAX_COST_PER_USER_PER_DAY", "5")]).is_ok());
    assert!(
        config_with(&[
            ("MAX_COST_PER_DAY", "25"),
            ("MAX_COST_PER_USER_PER_DAY", "25")
        ])
        .is_ok()
    );
}

#[test]
fn a_users_share_is_all_slots_unless_it_is_less() {
    for (slots, share, expected) in [("5", "", 5), ("5", "2", 2), ("5", "9", 5)] {
        let settings = [
            ("MAX_CONCURRENT_JOBS", slots),
            ("MAX_CONCURRENT_JOBS_PER_USER", share),
        ];
        assert_eq!(
            config_with(&settings)
                .expect("valid settings")
                .queue
                .user_slots_in_force(),
            expected
        );
    }
}

#[test]
fn tls_may_be_left_out_for_the_own_machine_only() {
    for host in [
        "http://localhost:3000",
        "http://127.0.0.1:8788",
        "http://[::1]:8788",
    ] {
        assert!(
            config_with(&[("VEO3_API_URL", host), ("NEXTJS_URL", host)]).is_ok(),
            "{host}"
        );
    }
    for host in [
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
    ] {
        assert!(config_with(&[("VEO3_API_URL", host)]).is_err(), "{host}");
        assert!(
            config_with(&[("VEO3_API_URL", host), ("ENVIRONMENT", "development")]).is_err(),
            "{host}"
        );
    }
}

#[test]
fn settings_do_not_show_their_secrets() {
    let config = config_with(&[("API_KEY", "an-api-key-0123456789")]).expect("valid settings");
    let shown = format!("{config:?}");
    for secret in [
        JWT_SECRET,
        "an-api-key-0123456789",
        "test-veo-key",
        "0123456789abcdef",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_committed_development_settings_are_valid_and_only_for_development() {
    let file = include_str!("../../.dev.vars");
    let variables: Vec<(&str, &str)> = file
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .collect();
    let config = config_with(&variables).expect("valid settings");
    assert_eq!(config.environment, Environment::Development);
    assert!(
        variables
            .iter()
            .any(|(name, value)| *name == "JWT_SECRET" && value.contains("development-only"))
    );
}

#[test]
fn no_published_secret_is_taken_outside_development() {
    let file = include_str!("../../.dev.vars");
    let published = |name: &str| {
        file.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    };
    for variable in [
        "JWT_SECRET",
        "API_KEY",
        "ADMIN_KEY",
        "WEBHOOK_SECRET",
        "VERTEX_SERVICE_ACCOUNT",
        "VEO3_API_KEY",
        "GEMINI_API_KEY",
    ] {
        let value = published(variable).expect(variable);
        for environment in ["", "production"] {
            let error = config_with(&[(variable, value), ("ENVIRONMENT", environment)])
                .expect_err(variable);
            assert_eq!(error.variable, variable);
            let sentence = error.to_string();
            assert!(
                sentence.contains("published") && !sentence.contains(value),
                "{sentence}"
            );
        }
        assert!(
            config_with(&[(variable, value), ("ENVIRONMENT", "development")]).is_ok(),
            "{variable}"
        );
    }
    for (variable, value) in [
        ("JWT_SECRET", "development-only-jwt-secret-do-not-deploy-2"),
        (
            "WEBHOOK_SECRET",
            &format!(
                "{WEBHOOK_SECRET}, {}",
                published("WEBHOOK_SECRET").expect("a secret")
            ),
        ),
    ] {
        assert_eq!(
            config_with(&[(variable, value)])
                .expect_err(variable)
                .variable,
            variable
        );
    }
    assert!(
        config_with(&[("VEO3_API_KEY", "my-dev-key-7")]).is_ok(),
        "another key"
    );
}

#[test]
fn the_admin_key_is_not_the_service_key() {
    let same = [
        ("API_KEY", "0123456789abcdef"),
        ("ADMIN_KEY", "0123456789abcdef"),
    ];
    assert_eq!(
        config_with(&same).expect_err("one key for both").variable,
        "ADMIN_KEY"
    );
}
