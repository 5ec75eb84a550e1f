//! The npm package `@reelay/ai-sdk-provider` with Vercel's `ai` on the real worker. What it does and sees is in
//! `tests/browser/ai_sdk.mjs`, though it opens no page.

use crate::harness::World;
use crate::harness::browser::play;

#[test]
fn the_ai_sdk_gets_the_file_asks_from_elsewhere_cancels_and_pays_once() {
    play(&World::start(&[]), "ai_sdk", |_| ());
}
