//! What can be asked for.

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::models::Model;
use serde::Serialize;
use std::collections::BTreeMap;

/// The models that can be asked for here.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Models))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Offered<'a> {
    /// In the order in which they are chosen. A model that two providers have stands here twice.
    models: Vec<&'a Model>,
    /// The same by provider.
    grouped_models: BTreeMap<&'a str, Vec<&'a Model>>,
    /// The model of an order that names none.
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    default_model: Option<&'a str>,
    /// The providers that are set up, in the order in which they are chosen.
    providers: &'a [&'static str],
}

/// `GET /api/models`: the models of the providers that are set up here.
pub(crate) async fn list(call: &Call) -> Result<Answer, Problem> {
    call.anyone().await?;
    let providers = call.config.providers.names();
    let catalogue = call.config.catalogue(&providers, call.now);
    let models: Vec<&Model> = catalogue.models().collect();
    let of = |provider: &str| models.iter().filter(|model| model.provider == provider).copied().collect();
    let grouped_models = providers.iter().map(|provider| (*provider, of(provider))).collect();
    let default_model = catalogue.default().map(|model| model.id);
    Answer::success("data", &Offered { models, grouped_models, default_model, providers: &providers })
}
