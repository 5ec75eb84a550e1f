// Takes the chat's picture for the documentation; `npm run screenshots` keeps it.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { becomes, openChat, say } from "../lib/chat.mjs";
import { scenario, until } from "../lib/stage.mjs";

const PICTURE = fileURLToPath(new URL("../../../docs/example.png", import.meta.url));
/** An empty page compresses to less. */
const LEAST_BYTES = 20_000;

await scenario(async ({ fresh }) => {
  const page = await fresh({ viewport: { width: 800, height: 920 } });
  await openChat(page);
  const boat = await say(page, "A paper boat sails down a rainy street at dusk");
  await becomes(boat, "completed");
  await until("the first frame is loaded", () => boat.locator("video").evaluate((player) => player.readyState >= 2));
  // The fake upstream's mark is removed from the shown prompt before the picture is taken.
  const tram = await say(page, `An old tram crosses a bridge in the fog${"\n".repeat(3)}[[render:60000]]`);
  await becomes(tram, "processing");
  await tram.locator(".prompt").evaluate((prompt) => {
    prompt.textContent = prompt.textContent.replace(/\s*\[\[.*/s, "");
  });
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  const picture = await page.screenshot();
  assert.ok(picture.length > LEAST_BYTES, `the picture shows something: ${picture.length} bytes`);
  if (process.env.REELAY_SCREENSHOTS) writeFileSync(PICTURE, picture);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("This video was cancelled.").waitFor();
});
