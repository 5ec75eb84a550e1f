// axe-core finds nothing in the chat, light or dark, on a phone.

import { examine } from "../lib/axe.mjs";
import { becomes, openChat, say } from "../lib/chat.mjs";
import { check, scenario } from "../lib/stage.mjs";

await scenario(async ({ fresh }) => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await fresh({ colorScheme, viewport: { width: 390, height: 800 } });
    await openChat(page);
    await examine(page, "empty", colorScheme);
    await becomes(await say(page, `A kite in ${colorScheme}`), "completed");
    await becomes(await say(page, `A kite that fails in ${colorScheme} [[submit:401]]`), "failed");
    const filtered = await say(page, `A hidden kite in ${colorScheme} [[result:rai]]`);
    await becomes(filtered, "pending_clarification");
    const slow = await say(page, `A slow kite in ${colorScheme} [[render:60000]]`);
    await becomes(slow, "processing");
    await examine(page, "chat", colorScheme);
    const overflows = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    check(!overflows, "nothing is wider than a phone");
    await slow.getByRole("button", { name: "Cancel" }).click();
    await becomes(slow, "cancelled");
    await filtered.getByLabel("Another prompt").fill(`A plain kite in ${colorScheme}`);
    await filtered.getByRole("button", { name: "Send it" }).click();
    await becomes(filtered, "completed");
  }
});
