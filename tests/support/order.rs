//! The order of the jobs that tests begin with.

use reelay::machine::job::{ModelTerms, Order, Origin, RenderOptions, Request};

pub(crate) fn request() -> Request {
    Request {
        order: Order {
            prompt: "a lighthouse at dusk".to_owned(),
            render: RenderOptions {
                duration_seconds: 8,
                aspect_ratio: "16:9".to_owned(),
                resolution: "720p".to_owned(),
                ..RenderOptions::default()
            },
            ..Order::default()
        },
        terms: ModelTerms {
            provider: "veo3".to_owned(),
            model: "veo-3.1".to_owned(),
            usual_render: 60_000,
            price_micros: 3_200_000,
            ..ModelTerms::default()
        },
        origin: Origin {
            public_url: "https://reelay.example".to_owned(),
            fingerprint: "f".to_owned(),
            warnings: Vec::new(),
        },
    }
}
