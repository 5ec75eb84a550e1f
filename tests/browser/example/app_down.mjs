// The app is down when the webhook comes. It gets the webhook later, and the open page then shows
// the video without a reload.

import { becomes, isTheSamePage, openChat, plays, say, userOf } from "../lib/chat.mjs";
import { KEYS, ORIGIN, scenario, until } from "../lib/stage.mjs";
import { ask } from "../lib/world.mjs";

const expected = [/Failed to load resource: net::ERR_/];

await scenario(
  async ({ page }) => {
    await openChat(page);
    const entry = await say(page, "A kite while nobody listens [[render:10000]]");
    await becomes(entry, "processing");
    const user = await userOf(page);
    await ask("kill app");
    const headers = { Authorization: `Bearer ${KEYS.service}`, "X-User-Id": user };
    const { data } = await (await fetch(`${ORIGIN}/api/generations`, { headers })).json();
    await until("a webhook has failed", async () => {
      const path = `/api/generations/${data[0].generationId}/timeline`;
      return (await (await fetch(`${ORIGIN}${path}`, { headers })).text()).includes("webhook_failed");
    });
    await ask("restart app");
    await becomes(entry, "completed");
    await plays(entry);
    await isTheSamePage(page);
  },
  { expected },
);
