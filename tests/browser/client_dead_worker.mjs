// The worker dies while a generation is followed and awaited, and comes back: no event is missing
// or repeated.

import assert from "node:assert/strict";
import { createReelay } from "@reelay/client";
import { ORIGIN } from "./lib/stage.mjs";
import { ask } from "./lib/world.mjs";

// Enough attempts for a restart.
const reelay = createReelay({ baseUrl: ORIGIN, apiKey: "dev_survivor", maxRetries: 10 });
const { generationId } = await reelay.create({ prompt: "Seen before it died [[render:4000]]" });
const ids = [];
let started = () => {};
const rendering = new Promise((resolve) => {
  started = resolve;
});
const story = (async () => {
  for await (const event of reelay.events(generationId)) {
    if (event.type === "step") ids.push(Number(event.id));
    if (event.type === "step" && event.step === "submitted") started();
    if (event.type === "end") return event.status;
  }
})();
const waited = reelay.wait(generationId);
await rendering;
await ask("kill");
await ask("restart");
assert.equal(await story, "completed");
assert.equal((await waited).status, "completed");
assert.deepEqual(
  ids,
  ids.map((_, index) => index + 1),
);
process.exit(0);
