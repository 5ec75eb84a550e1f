//! From method and path to what is asked for. Pure.

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    Health,
    Models,
    CreateGeneration,
    ListGenerations,
    Generation { id: String },
    Cancel { id: String },
    Retry { id: String },
    Confirm { id: String },
    Clarify { id: String },
    Timeline { id: String },
    Events { id: String },
    Deliveries { id: String },
    Video { id: String },
    QueueJob { id: String },
    QueueStatus,
    QueueStats,
    QueueJobs,
    Pause,
    Resume,
    ListVideos,
    StoredVideo { id: String },
    DeleteVideo { id: String },
    UpstreamPush,
    ListDeliveries,
    Redeliver { id: String },
    Recover,
    TestWebhook,
    CleanUp,
    Metrics,
    OpenMetrics,
    WhoAmI,
}

impl Resource {
    /// The path with a name in place of each id.
    pub fn pattern(&self) -> &'static str {
        match self {
            Self::Health => "/health",
            Self::OpenMetrics => "/metrics",
            Self::Metrics => "/api/metrics",
            Self::WhoAmI => "/api/whoami",
            Self::Models => "/api/models",
            Self::CreateGeneration | Self::ListGenerations => "/api/generations",
            Self::Generation { .. } => "/api/generations/{id}",
            Self::Cancel { .. } => "/api/generations/{id}/cancel",
            Self::Retry { .. } => "/api/generations/{id}/retry",
            Self::Confirm { .. } => "/api/generations/{id}/confirm",
            Self::Clarify { .. } => "/api/generations/{id}/clarify",
            Self::Timeline { .. } => "/api/generations/{id}/timeline",
            Self::Events { .. } => "/api/generations/{id}/events",
            Self::Deliveries { .. } => "/api/generations/{id}/deliveries",
            Self::Video { .. } => "/api/generations/{id}/video",
            Self::QueueStatus => "/api/queue/status",
            Self::QueueStats => "/api/queue/stats",
            Self::Pause => "/api/queue/pause",
            Self::Resume => "/api/queue/resume",
            Self::QueueJobs => "/api/queue/jobs",
            Self::QueueJob { .. } => "/api/queue/jobs/{id}",
            Self::CleanUp => "/api/cron/cleanup",
            Self::ListDeliveries => "/api/webhooks/deliveries",
            Self::Redeliver { .. } => "/api/webhooks/deliveries/{id}/redeliver",
            Self::Recover => "/api/webhooks/recover",
            Self::TestWebhook => "/api/webhooks/test",
            Self::UpstreamPush => "/api/webhooks/upstream",
            Self::ListVideos => "/api/storage/videos",
            Self::StoredVideo { .. } | Self::DeleteVideo { .. } => "/api/storage/videos/{id}",
        }
    }
}

/// Where a request leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routed {
    Found(Resource),
    NotFound,
    /// The path exists, but not with this method.
    MethodNotAllowed {
        allow: String,
    },
    Options {
        allow: String,
    },
}

/// Finds what `method` on `path` asks for; HEAD is answered wherever GET is.
pub fn route(method: &str, path: &str) -> Routed {
    let resources = at(path);
    if resources.is_empty() {
        return Routed::NotFound;
    }
    let wanted = if method == "HEAD" { "GET" } else { method };
    if let Some((_, resource)) = resources.iter().find(|(offered, _)| *offered == wanted) {
        return Routed::Found(resource.clone());
    }
    let allow = allow(&resources);
    if method == "OPTIONS" { Routed::Options { allow } } else { Routed::MethodNotAllowed { allow } }
}

/// Every method of a path with what it asks for.
fn at(path: &str) -> Vec<(&'static str, Resource)> {
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    let id = |segment: &str| segment.to_owned();
    match segments.as_slice() {
        ["health"] => vec![("GET", Resource::Health)],
        ["metrics"] => vec![("GET", Resource::OpenMetrics)],
        ["api", "metrics"] => vec![("GET", Resource::Metrics)],
        ["api", "whoami"] => vec![("GET", Resource::WhoAmI)],
        ["api", "models"] => vec![("GET", Resource::Models)],
        ["api", "generations"] => vec![("GET", Resource::ListGenerations), ("POST", Resource::CreateGeneration)],
        ["api", "generations", generation] if !generation.is_empty() => {
            vec![("GET", Resource::Generation { id: id(generation) })]
        }
        ["api", "generations", generation, "cancel"] => vec![("POST", Resource::Cancel { id: id(generation) })],
        ["api", "generations", generation, "retry"] => vec![("POST", Resource::Retry { id: id(generation) })],
        ["api", "generations", generation, "confirm"] => vec![("POST", Resource::Confirm { id: id(generation) })],
        ["api", "generations", generation, "clarify"] => vec![("POST", Resource::Clarify { id: id(generation) })],
        ["api", "generations", generation, "timeline"] => vec![("GET", Resource::Timeline { id: id(generation) })],
        ["api", "generations", generation, "events"] => vec![("GET", Resource::Events { id: id(generation) })],
        ["api", "generations", generation, "deliveries"] => vec![("GET", Resource::Deliveries { id: id(generation) })],
        ["api", "generations", generation, "video"] => vec![("GET", Resource::Video { id: id(generation) })],
        ["api", "queue", "status"] => vec![("GET", Resource::QueueStatus)],
        ["api", "queue", "stats"] => vec![("GET", Resource::QueueStats)],
        ["api", "queue", "pause"] => vec![("POST", Resource::Pause)],
        ["api", "queue", "resume"] => vec![("POST", Resource::Resume)],
        ["api", "queue", "jobs"] => vec![("GET", Resource::QueueJobs)],
        ["api", "queue", "jobs", generation] => vec![("GET", Resource::QueueJob { id: id(generation) })],
        ["api", "cron", "cleanup"] => vec![("POST", Resource::CleanUp)],
        ["api", "webhooks", "deliveries"] => vec![("GET", Resource::ListDeliveries)],
        ["api", "webhooks", "deliveries", event, "redeliver"] => vec![("POST", Resource::Redeliver { id: id(event) })],
        ["api", "webhooks", "recover"] => vec![("POST", Resource::Recover)],
        ["api", "webhooks", "test"] => vec![("POST", Resource::TestWebhook)],
        ["api", "webhooks", "upstream"] => vec![("POST", Resource::UpstreamPush)],
        ["api", "storage", "videos"] => vec![("GET", Resource::ListVideos)],
        ["api", "storage", "videos", generation] if !generation.is_empty() => vec![
            ("GET", Resource::StoredVideo { id: id(generation) }),
            ("DELETE", Resource::DeleteVideo { id: id(generation) }),
        ],
        _ => Vec::new(),
    }
}

fn allow(resources: &[(&'static str, Resource)]) -> String {
    let mut methods = Vec::new();
    for (method, _) in resources {
        methods.push(*method);
        if *method == "GET" {
            methods.push("HEAD");
        }
    }
    methods.push("OPTIONS");
    methods.join(", ")
}
