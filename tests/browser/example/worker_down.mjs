// The worker is down when a prompt is sent: the user sends it again, under the same id.

import { becomes, isTheSamePage, openChat, plays, say, userOf } from "../lib/chat.mjs";
import { check, KEYS, ORIGIN, scenario } from "../lib/stage.mjs";
import { ask } from "../lib/world.mjs";

await scenario(async ({ page }) => {
  await openChat(page);
  await ask("kill worker");
  const entry = await say(page, "A kite for later");
  const again = entry.getByRole("button", { name: "Try again" });
  await again.waitFor();
  const failed = page.waitForResponse((response) => response.request().method() === "POST");
  await again.click();
  await failed;
  await ask("restart worker");
  await again.click();
  await becomes(entry, "completed");
  await plays(entry);
  const headers = { Authorization: `Bearer ${KEYS.service}`, "X-User-Id": await userOf(page) };
  const { data } = await (await fetch(`${ORIGIN}/api/generations`, { headers })).json();
  check(data.length === 1, `one job was created, not ${data.length}`);
  await isTheSamePage(page);
});
