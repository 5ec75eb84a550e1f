//! The table of routes: the method, path, access and handler of each.
//!
//! Everything about a route comes from this table: its handler, 405 with `Allow`, its name in the
//! log, the check of the caller, and the API description.

use crate::api::access::Access;
#[cfg(not(target_arch = "wasm32"))]
use crate::api::openapi::{operation::Operation, schemas::Schemas};
use crate::api::{
    alerts, bulk, deliveries, generations, metrics, operators, queue, service, settings, setup,
    upstream_webhook, videos,
};

/// One method of one path.
pub struct Route {
    pub method: &'static str,
    /// The path, with `{id}` in place of an id.
    pub pattern: &'static str,
    /// Who may call, and the handler.
    pub(crate) access: Access,
    /// Describes the route in the API description.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) operation: fn(&mut Schemas) -> Operation,
}

/// Defines the table. The handler `noun::name` is called as `name(call, found)`, where `found` is
/// the result of the access check. The function `noun::operations::name` describes the route.
macro_rules! routes {
    ($($method:ident $pattern:literal $access:ident $noun:ident::$name:ident;)*) => {
        pub static ROUTES: &[Route] = &[$(Route {
            method: stringify!($method),
            pattern: $pattern,
            access: Access::$access(|found, call| Box::pin($noun::$name(call, found))),
            #[cfg(not(target_arch = "wasm32"))]
            operation: $noun::operations::$name,
        }),*];
    };
}

routes! {
    GET    "/api/generations"                          User            generations::list;
    POST   "/api/generations"                          Sender          generations::create;
    GET    "/api/generations/{id}"                     Owner           generations::show;
    POST   "/api/generations/{id}/cancel"              Owner           generations::cancel;
    POST   "/api/generations/{id}/retry"               Owner           generations::retry;
    POST   "/api/generations/{id}/confirm"             Owner           generations::confirm;
    POST   "/api/generations/{id}/clarify"             Owner           generations::clarify;
    GET    "/api/generations/{id}/timeline"            Owner           generations::timeline;
    GET    "/api/generations/{id}/events"              Owner           generations::follow;
    GET    "/api/generations/{id}/deliveries"          Owner           deliveries::of_generation;
    GET    "/api/generations/{id}/video"               OwnerOrAddress  videos::serve;
    GET    "/api/storage/videos"                       User            videos::list;
    GET    "/api/storage/videos/{id}"                  Owner           videos::show;
    DELETE "/api/storage/videos/{id}"                  Owner           videos::delete;
    GET    "/api/queue/status"                         Anyone          queue::status;
    GET    "/api/queue/stats"                          Anyone          queue::stats;
    GET    "/api/queue/jobs/{id}"                      Owner           queue::job;
    GET    "/api/queue/jobs"                           Operator        operators::jobs;
    POST   "/api/queue/pause"                          Operator        operators::pause;
    POST   "/api/queue/resume"                         Operator        operators::resume;
    GET    "/api/queue/settings"                       Operator        settings::show;
    PATCH  "/api/queue/settings"                       Operator        settings::change;
    POST   "/api/bulk"                                 Operator        bulk::create;
    GET    "/api/bulk"                                 Operator        bulk::list;
    GET    "/api/bulk/{id}"                            Operator        bulk::show;
    POST   "/api/bulk/{id}/stop"                       Operator        bulk::stop;
    POST   "/api/cron/cleanup"                         Operator        operators::clean_up;
    GET    "/api/webhooks/deliveries"                  Operator        deliveries::list;
    POST   "/api/webhooks/deliveries/{id}/redeliver"   Operator        deliveries::redeliver;
    POST   "/api/webhooks/recover"                     Operator        deliveries::recover;
    POST   "/api/webhooks/test"                        Operator        deliveries::send_test;
    POST   "/api/alerts/test"                          Operator        alerts::send_test;
    POST   "/api/webhooks/upstream"                    Signed          upstream_webhook::receive;
    GET    "/api/metrics"                              Anyone          metrics::series;
    GET    "/metrics"                                  Operator        metrics::totals;
    GET    "/api/models"                               Anyone          service::models;
    GET    "/api/whoami"                               Anyone          service::whoami;
    GET    "/api/setup"                                Operator        setup::show;
    GET    "/health"                                   Open            service::health;
}

/// The result of looking up a route.
pub enum Routed<'a> {
    /// A route, with the path's id; the id is empty if the pattern has none.
    Found(&'static Route, &'a str),
    NotFound,
    /// The path exists, but not with this method.
    MethodNotAllowed {
        allow: String,
    },
    Options {
        allow: String,
    },
}

/// Finds the route of `method` on `path`; HEAD is answered wherever GET is.
pub fn route<'a>(method: &str, path: &'a str) -> Routed<'a> {
    let here: Vec<_> = ROUTES
        .iter()
        .filter_map(|route| Some((route, id(route.pattern, path)?)))
        .collect();
    let wanted = if method == "HEAD" { "GET" } else { method };
    if let Some((route, id)) = here.iter().find(|(route, _)| route.method == wanted) {
        return Routed::Found(route, id);
    }
    let offered = here.iter().map(|(route, _)| {
        if route.method == "GET" {
            "GET, HEAD"
        } else {
            route.method
        }
    });
    let allow = offered.chain(["OPTIONS"]).collect::<Vec<_>>().join(", ");
    match method {
        _ if here.is_empty() => Routed::NotFound,
        "OPTIONS" => Routed::Options { allow },
        _ => Routed::MethodNotAllowed { allow },
    }
}

/// The id in a path that matches the pattern; empty if the pattern has none. `None` if the path
/// does not match.
fn id<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once("{id}") else {
        return (path == pattern).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}
