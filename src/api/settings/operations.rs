//! The description of the limits that operators change.

use crate::api::body::MAX_SMALL_BODY;
use crate::api::field_error::FieldError;
use crate::api::openapi::formats::{body_problems, json_body, success};
use crate::api::openapi::operation::Operation;
use crate::api::openapi::schemas::Schemas;
use crate::api::problem::Problem;
use crate::api::settings::ShownLimit;
use crate::config::policies::{setting_of, values_of};
use crate::config::read::DOLLAR;
use crate::machine::queue::Limit;
use serde_json::{Map, Value, json};

const TAG: &str = "Operators";

pub(crate) fn show(schemas: &mut Schemas) -> Operation {
    Operation::new("getQueueSettings", TAG)
        .says(
            "Get the limits in force",
            "The limits that can be changed at run time: each value, whether it comes from the \
             setting or from a change, and the setting's own value.",
        )
        .answers(200, limits(schemas))
}

pub(crate) fn change(schemas: &mut Schemas) -> Operation {
    let wrong = FieldError::field(
        "/maxConcurrentJobs",
        "must be a whole number from 1 to 1000, or null for the setting",
    );
    let body = body(schemas);
    Operation::new("changeQueueSettings", TAG)
        .says(
            "Change limits",
            "Sets limits in place of their settings, at once and for running and later versions of \
             the worker, until they are reset. Null resets a limit to its setting. All named \
             limits are changed, or none.",
        )
        .takes(json_body(
            "The new values, by the names of the limits.",
            &body,
            &json!({
                "change": { "summary": "More at once", "value": { "maxConcurrentJobs": 10 } },
                "reset": { "summary": "Back to the setting", "value": { "maxConcurrentJobs": null } },
            }),
        ))
        .answers(200, limits(schemas))
        .fails(body_problems(MAX_SMALL_BODY))
        .fails([Problem::invalid(vec![wrong])])
}

fn limits(schemas: &mut Schemas) -> Value {
    success(
        "The limits in force.",
        "settings",
        &schemas.list_of::<ShownLimit>(),
    )
}

/// The body, whose values are the limits by their names.
fn body(schemas: &mut Schemas) -> Value {
    let property = |limit: Limit| {
        let text = format!("In place of `{}`.", setting_of(limit));
        let (least, most) = values_of(limit).into_inner();
        let schema = if limit.is_money() {
            json!({
                "type": ["number", "null"], "exclusiveMinimum": 0, "maximum": most / DOLLAR,
                "description": format!("{text} In US dollars, with at most six decimals."),
            })
        } else {
            json!({ "type": ["integer", "null"], "minimum": least, "maximum": most, "description": text })
        };
        (limit.as_str().to_owned(), schema)
    };
    let properties: Map<String, Value> = Limit::ALL.map(property).into_iter().collect();
    schemas.add(
        "LimitChanges",
        json!({
            "type": "object", "description": "New values of limits; null resets one to its setting.",
            "properties": properties, "additionalProperties": false, "minProperties": 1,
        }),
    )
}
