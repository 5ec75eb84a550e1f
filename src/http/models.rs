//! What can be asked for.

use super::answer::Answer;
use super::call::Call;
use crate::models::Model;
use crate::wire::api::Problem;
use serde_json::{Map, Value, json};

/// `GET /api/models`: the models of the providers that are set up here.
pub(super) async fn list(call: &Call) -> Result<Answer, Problem> {
    call.anyone().await?;
    let providers = call.config.providers.names();
    let catalogue = call.config.catalogue(&providers, call.now);
    let models: Vec<&Model> = catalogue.models().collect();
    let grouped: Map<String, Value> = providers
        .iter()
        .map(|provider| {
            let own: Vec<&&Model> = models.iter().filter(|model| model.provider == *provider).collect();
            ((*provider).to_owned(), json!(own))
        })
        .collect();
    Answer::json(
        200,
        &json!({
            "success": true,
            "data": {
                "models": models,
                "groupedModels": grouped,
                "defaultModel": catalogue.default().map(|model| model.id),
                "providers": providers,
            },
        }),
    )
}
