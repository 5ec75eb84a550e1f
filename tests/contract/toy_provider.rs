//! A provider takes two things: a file with its wire, and a line in the registry. Here are both for
//! a toy provider.

use crate::requests::accepted;
use async_trait::async_trait;
use futures::executor::block_on;
use futures::{StreamExt, stream};
use reelay::clients::file::Download;
use reelay::machine::job::{Progress, Request};
use reelay::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use reelay::upstream::REGISTRY;
use reelay::upstream::provider::{KeyCheck, Provider};
use reelay::upstream::registry::{Providers, Registration};
use reelay::upstream::render_request::RenderRequest;
use reelay::variables::{ConfigError, ConfigErrors, Variables};
use serde_json::json;
use std::rc::Rc;

/// Renders immediately: the operation is the prompt, the video its letters.
struct Toy;

fn open(variables: &Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigErrors> {
    match variables.text("TOY_KEY")?.as_deref() {
        None => Ok(None),
        Some("toy") => Ok(Some(Rc::new(Toy))),
        Some(_) => Err(ConfigError::new("TOY_KEY", "the word toy").into()),
    }
}

#[async_trait(?Send)]
impl Provider for Toy {
    async fn submit(&self, request: &RenderRequest<'_>) -> Outcome<String> {
        match request.prompt {
            "a toad" => Err(Trouble::Refused(Failure::new(
                ErrorCode::ProviderRejectedContent,
                "No toads.",
            ))),
            prompt => Ok(prompt.to_owned()),
        }
    }

    async fn poll(&self, operation: &str) -> Outcome<Progress> {
        Ok(Progress::Ready {
            uri: format!("toy:{operation}"),
            cost_micros: Some(1),
        })
    }

    async fn fetch(&self, uri: &str) -> Outcome<Download> {
        let letters: Vec<_> = uri.bytes().map(|letter| Ok(vec![letter])).collect();
        Ok(Download::from_chunks(stream::iter(letters)))
    }
}

/// The line in the registry.
const TOY: Registration = Registration { name: "toy", open };

fn providers(key: &str) -> Result<Providers, ConfigErrors> {
    let registry: Vec<Registration> = REGISTRY.iter().copied().chain([TOY]).collect();
    let key = key.to_owned();
    let lookup = move |name: &str| (name == "TOY_KEY").then(|| key.clone());
    let mut errors = ConfigErrors::default();
    Providers::open(&registry, &Variables::new(&lookup), &mut errors).ok_or(errors)
}

fn of(request: &Request) -> RenderRequest<'_> {
    let Request { order, terms, .. } = request;
    RenderRequest {
        model: &terms.model,
        prompt: &order.prompt,
        options: &order.render,
        images: &[],
        webhook: None,
    }
}

#[test]
fn a_registered_provider_submits_polls_and_fetches() {
    let providers = providers("toy").expect("set up");
    assert_eq!(
        providers.names(),
        ["toy"],
        "the other providers' variables are not set"
    );
    let toy = providers.find("toy").expect("found");
    let request = accepted(json!({ "prompt": "a boat" }));
    let Ok(operation) = block_on(toy.submit(&of(&request))) else {
        panic!("not accepted")
    };
    let Ok(Progress::Ready { uri, .. }) = block_on(toy.poll(&operation)) else {
        panic!("not ready")
    };
    let Ok(download) = block_on(toy.fetch(&uri)) else {
        panic!("no video")
    };
    let chunks: Vec<_> = block_on(download.into_chunks().collect());
    assert_eq!(
        chunks
            .into_iter()
            .flat_map(Result::unwrap)
            .collect::<Vec<u8>>(),
        b"toy:a boat"
    );
    assert_eq!(
        block_on(toy.cancel(&operation)),
        Ok(()),
        "the toy's wire has no such call"
    );
    assert!(
        matches!(block_on(toy.check_key(1)), KeyCheck::Unknown(_)),
        "nor a free call"
    );
}

#[test]
fn its_refusal_and_its_bad_setting_are_its_own() {
    let with_toy = providers("toy").expect("set up");
    let request = accepted(json!({ "prompt": "a toad" }));
    let outcome = block_on(with_toy.find("toy").expect("found").submit(&of(&request)));
    assert!(matches!(
        outcome,
        Err(Trouble::Refused(Failure {
            code: ErrorCode::ProviderRejectedContent,
            ..
        }))
    ));
    let error = providers("car").err().expect("a bad setting");
    assert_eq!(
        error.to_string(),
        "the variable TOY_KEY must be the word toy"
    );
}
