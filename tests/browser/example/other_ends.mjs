// A prompt that is too short, one that fails, one that is cancelled, and one that is filtered and
// then replaced.

import { becomes, isTheSamePage, openChat, plays, say } from "../lib/chat.mjs";
import { scenario } from "../lib/stage.mjs";

await scenario(async ({ page }) => {
  await openChat(page);
  await page.getByLabel("What do you want to see?").fill("ab");
  await page.getByRole("button", { name: "Make a video" }).click();
  await page.getByText("at least 3 characters").waitFor();

  const failing = await say(page, "A kite that fails [[result:code13]]");
  await becomes(failing, "failed");
  await failing.getByText("The video service failed to render the video: ").waitFor();

  const slow = await say(page, "A slow kite [[render:60000]]");
  await becomes(slow, "processing");
  await slow.getByRole("button", { name: "Cancel" }).click();
  await becomes(slow, "cancelled");
  await slow.getByText("This video was cancelled.").waitFor();

  const filtered = await say(page, "A kite nobody may see [[result:rai]]");
  await becomes(filtered, "pending_clarification");
  await filtered.getByLabel("Another prompt").fill("A kite that all may see");
  await filtered.getByRole("button", { name: "Send it" }).click();
  await becomes(filtered, "completed");
  await plays(filtered);
  await isTheSamePage(page);
});
