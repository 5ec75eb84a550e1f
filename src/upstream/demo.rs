//! The demo: videos that cost nothing and need no key. Its jobs take the same steps as all others.
//!
//! Its renders exist only in their names, so it stores nothing. Its videos are assets of the
//! worker (H.264 and AAC), which were made for this project:
//!
//! ```text
//! for size in 16x9:1280x720 9x16:720x1280; do for seconds in 4 8; do
//!   ffmpeg -f lavfi -i "gradients=s=${size#*:}:r=24:d=$seconds:c0=0x1b1b4b:c1=0xff7a59:c2=0x2ec4b6:n=3:speed=0.02:seed=7" \
//!     -f lavfi -i "sine=frequency=330:sample_rate=48000:duration=$seconds" -af volume=0.2 -c:v libx264 -preset veryslow \
//!     -crf 30 -pix_fmt yuv420p -c:a aac -b:a 32k -shortest -movflags +faststart -map_metadata -1 -fflags +bitexact \
//!     "assets/demo/${size%:*}-${seconds}s.mp4"
//! done; done
//! ```

pub mod render;

use crate::clients::assets;
use crate::clients::file::Download;
use crate::clock;
use crate::machine::job::Progress;
use crate::machine::outcome::{Failure, Outcome, Trouble};
use crate::time::Millis;
use crate::upstream::provider::{KeyCheck, Provider};
use crate::upstream::render_request::RenderRequest;
use crate::variables::{ConfigError, ConfigErrors, Variables};
use async_trait::async_trait;
use std::rc::Rc;
use worker::Fetcher;

/// The variable that turns it on or off.
const DEMO: &str = "DEMO";
/// The binding of the worker's assets.
const ASSETS: &str = "ASSETS";

/// `DEMO`, and the binding that serves its videos.
struct Demo(Option<Fetcher>);

/// Opens the demo if `DEMO` is `true`. Without a value it is on in development.
pub(crate) fn open(variables: &Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigErrors> {
    let demo = || Rc::new(Demo(variables.assets(ASSETS))) as Rc<dyn Provider>;
    Ok(is_on(variables)?.then(demo))
}

fn is_on(variables: &Variables<'_>) -> Result<bool, ConfigError> {
    let has_videos = variables.has_binding(ASSETS);
    match variables.switch(DEMO)? {
        Some(true) if !has_videos => {
            let wanted = "false, until the wrangler configuration has `binding = \"ASSETS\"` under `[assets]`";
            Err(ConfigError::new(DEMO, wanted))
        }
        Some(is_on) => Ok(is_on),
        None => Ok(variables.is_development() && has_videos),
    }
}

#[async_trait(?Send)]
impl Provider for Demo {
    async fn submit(&self, request: &RenderRequest<'_>) -> Outcome<String> {
        render::submit(request, clock::now())
    }

    async fn poll(&self, operation: &str) -> Outcome<Progress> {
        render::poll(operation, clock::now())
    }

    async fn fetch(&self, uri: &str) -> Outcome<Download> {
        let missing = || Trouble::Refused(Failure::storage("The worker has no binding ASSETS."));
        assets::open(self.0.as_ref().ok_or_else(missing)?, uri).await
    }

    async fn check_key(&self, _within: Millis) -> KeyCheck {
        KeyCheck::Accepted
    }
}
