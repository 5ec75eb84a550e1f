//! What can be asked for.

use super::answer::Answer;
use super::call::Call;
use crate::models::{MODELS, Model, providers};
use crate::wire::api::Problem;
use serde_json::{Map, Value, json};

/// `GET /api/models`.
pub(super) async fn list(call: &Call) -> Result<Answer, Problem> {
    call.anyone().await?;
    let grouped: Map<String, Value> = providers()
        .into_iter()
        .map(|provider| {
            let models: Vec<&Model> = MODELS.iter().filter(|model| model.provider == provider).collect();
            (provider.to_owned(), json!(models))
        })
        .collect();
    Answer::json(
        200,
        &json!({
            "success": true,
            "data": {
                "models": MODELS,
                "groupedModels": grouped,
                "defaultModel": call.config.default_model,
                "providers": providers(),
            },
        }),
    )
}
