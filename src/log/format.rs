//! What a line looks like: time, level and message, then the fields of the spans around it and its own, all at the top.

use crate::machine::Millis;
use crate::wire::api::rfc3339;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Writes what is of `level` or worse, at the time that `now` tells in milliseconds since the Unix epoch.
pub fn subscriber<W>(level: Level, writer: W, now: fn() -> Millis) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let subscriber = tracing_subscriber::fmt().with_max_level(level).fmt_fields(JsonFields::new());
    subscriber.event_format(Flat { now }).with_writer(writer).finish()
}

struct Flat {
    now: fn() -> Millis,
}

#[derive(Serialize)]
struct Line {
    timestamp: String,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Value>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl<S, N> FormatEvent<S, N> for Flat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        // A map, so that a name that stands in several places is in the line once, and the innermost counts.
        let mut fields = Map::new();
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            if let Some(formatted) = span.extensions().get::<FormattedFields<N>>() {
                fields.extend(read(formatted)?);
            }
        }
        let mut own = String::new();
        context.format_fields(Writer::new(&mut own), event)?;
        fields.extend(read(&own)?);
        let message = fields.remove("message");
        let (timestamp, level) = (rfc3339((self.now)()), event.metadata().level().as_str());
        let line = serde_json::to_string(&Line { timestamp, level, message, fields }).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

/// Fields as [`JsonFields`] keeps them.
fn read(formatted: &str) -> Result<Map<String, Value>, fmt::Error> {
    if formatted.is_empty() { Ok(Map::new()) } else { serde_json::from_str(formatted).map_err(|_| fmt::Error) }
}
