//! Formats an event as a line: time, level and message, then the fields of its spans and its own,
//! all at the top level.

use crate::time::Millis;
use crate::time::rfc3339;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry, Scope};

/// The target of lines that are logged at every level.
pub const AUDIT: &str = "audit";

/// Passes lines of `level` or more severe to `write`, with the time that `now` returns, in
/// milliseconds since the Unix epoch.
pub fn subscriber<W>(level: Level, write: W, now: fn() -> Millis) -> impl Subscriber + Send + Sync
where
    W: Fn(Level, &str) + Send + Sync + 'static,
{
    Registry::default().with(Json { level, write, now })
}

struct Json<W> {
    level: Level,
    write: W,
    now: fn() -> Millis,
}

/// The fields of a span or an event, sorted by name.
#[derive(Default)]
struct EventFields(Map<String, Value>);

#[derive(Serialize)]
struct Line {
    timestamp: String,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Value>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl<S, W> Layer<S> for Json<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(Level, &str) + 'static,
{
    /// Actions of operators are logged at every level.
    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        *metadata.level() <= self.level || metadata.target() == AUDIT
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = EventFields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<EventFields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // If a name occurs in several places, the innermost value is logged.
        let mut fields = EventFields::default();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(Scope::from_root)
        {
            if let Some(EventFields(outer)) = span.extensions().get::<EventFields>() {
                fields.0.extend(outer.clone());
            }
        }
        event.record(&mut fields);
        let EventFields(mut fields) = fields;
        let (timestamp, level) = (rfc3339((self.now)()), *event.metadata().level());
        let line = Line {
            timestamp,
            level: level.as_str(),
            message: fields.remove("message"),
            fields,
        };
        if let Ok(line) = serde_json::to_string(&line) {
            (self.write)(level, &line);
        }
    }
}

impl EventFields {
    fn keep(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for EventFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field, format!("{value:?}"));
    }
}
