//! The npm package `@reelay/ai-sdk-provider` and Vercel's SDK on the real worker. The scenario is
//! in `tests/browser/ai_sdk.mjs`, which opens no page.

use crate::harness::World;
use crate::harness::browser::play;

#[test]
fn the_ai_sdk_makes_videos_in_one_process_or_two_and_pays_for_none_twice() {
    play(&World::start(&[]), "ai_sdk", |_| ());
}
