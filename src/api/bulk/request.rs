//! The body of `POST /api/bulk`. Pure.

use crate::api::field_error::FieldError;
use crate::api::operators::scope::{is_provider, model_ids, provider_rule};
use crate::api::order::values::whole;
use crate::api::strict::StrictObject;
use crate::config::read::micros;
use crate::ids::{USER_ID_RULE, is_user_id};
use crate::machine::Status;
use crate::machine::bulk::BulkAction;
use crate::machine::outcome::ErrorCode;
use crate::machine::queue::{BulkFilter, Matching};
use serde_json::{Map, Value};

const FIELDS: [&str; 5] = ["action", "filter", "dryRun", "count", "maxCost"];
const FILTER: [&str; 8] = [
    "status",
    "errorCode",
    "userId",
    "provider",
    "model",
    "createdAfter",
    "createdBefore",
    "all",
];

/// What an operator asks of many generations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkRequest {
    pub action: BulkAction,
    pub filter: BulkFilter,
    /// What the dry run said; `None` for a dry run.
    pub said: Option<Matching>,
}

/// Reads the request. It is a dry run unless `dryRun` is false.
pub fn bulk_request(body: &Map<String, Value>) -> Result<BulkRequest, Vec<FieldError>> {
    let mut object = StrictObject::new(body, "", &FIELDS);
    let words = BulkAction::ALL.map(BulkAction::as_str).join(" or ");
    let action = object.word("action", &format!("must be {words}"), |word| {
        let mut all = BulkAction::ALL.into_iter();
        all.find(|action| action.as_str() == word)
    });
    if object.value("action").is_none() {
        object.refuse("action", format!("is required: {words}"));
    }
    let said = said(&mut object);
    let filter = object.read("filter", "must be an object", Value::as_object);
    if object.value("filter").is_none() {
        object.refuse(
            "filter",
            format!("is required, with at least one of {}", FILTER.join(", ")),
        );
    }
    let mut errors = object.into_errors();
    let filter = match (filter, action) {
        (Some(filter), Some(action)) => {
            read_filter(filter, action).map_err(|wrong| errors.extend(wrong))
        }
        _ => Err(()),
    };
    match (action, filter) {
        (Some(action), Ok(filter)) if errors.is_empty() => Ok(BulkRequest {
            action,
            filter,
            said,
        }),
        _ => Err(errors),
    }
}

/// `count` and `maxCost`, which a run must repeat from its dry run.
fn said(object: &mut StrictObject<'_>) -> Option<Matching> {
    let is_dry = object.flag("dryRun").unwrap_or(true);
    let count = object.read(
        "count",
        "must be a whole number from 0 to 4294967295",
        |value| whole(value).map(u64::from),
    );
    let rule = "must be an amount of US dollars such as 12.5, from 0";
    let cost = object.read("maxCost", rule, |value| {
        let number = value.as_number()?;
        micros(&number.to_string())
    });
    if is_dry {
        return None;
    }
    for name in ["count", "maxCost"] {
        if object.value(name).is_none() {
            object.refuse(name, "is required to run: repeat it from the dry run");
        }
    }
    Some(Matching {
        count: count?,
        cost_micros: cost?,
    })
}

fn read_filter(
    filter: &Map<String, Value>,
    action: BulkAction,
) -> Result<BulkFilter, Vec<FieldError>> {
    let mut object = StrictObject::new(filter, "/filter", &FILTER);
    let allowed = BulkFilter::allowed(action);
    let words: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
    let rule = format!("must be one of {} to {}", words.join(", "), action.as_str());
    let status = object.word("status", &rule, |word| {
        let mut all = Status::ALL.into_iter();
        all.find(|status| status.as_str() == word && allowed.contains(status))
    });
    let rule = format!(
        "must be one of {}",
        ErrorCode::ALL.map(ErrorCode::as_str).join(", ")
    );
    let error_code = object.word("errorCode", &rule, |word| {
        let mut all = ErrorCode::ALL.into_iter();
        all.find(|code| code.as_str() == word)
    });
    let own = |text: &str| Some(text.to_owned());
    let user_id = object.word("userId", &format!("must be {USER_ID_RULE}"), |id| {
        own(id).filter(|id| is_user_id(id))
    });
    let provider = object.word("provider", &provider_rule(), |name| {
        own(name).filter(|name| is_provider(name))
    });
    let model = object.word("model", &model_rule(), |id| {
        own(id).filter(|id| model_ids().contains(id.as_str()))
    });
    let created_after = object.time("createdAfter");
    let created_before = object.time("createdBefore");
    if let (Some(after), Some(before)) = (created_after, created_before)
        && after >= before
    {
        object.refuse("createdBefore", "must be later than createdAfter");
    }
    let all = object.flag("all");
    let others = filter.keys().any(|name| name != "all");
    match (all.unwrap_or(false), others) {
        (true, true) => object.refuse("all", "must be left out when other fields are sent"),
        (false, false) => object.refuse(
            "all",
            "must be true to choose every generation; otherwise send another field",
        ),
        (true, false) | (false, true) => {}
    }
    object.finish(BulkFilter {
        status,
        error_code,
        user_id,
        provider,
        model,
        created_after,
        created_before,
    })
}

fn model_rule() -> String {
    let ids: Vec<&str> = model_ids().into_iter().collect();
    format!("must be one of {}", ids.join(", "))
}
