// From a prompt to its video without a reload; three at once; two tabs, and another visitor.

import { becomes, entryOf, isTheSamePage, openChat, plays, say } from "../lib/chat.mjs";
import { APP, check, scenario } from "../lib/stage.mjs";

await scenario(async ({ page, fresh }) => {
  await openChat(page);
  const tab = await page.context().newPage();
  await openChat(tab);
  const stranger = await fresh();
  await openChat(stranger);

  await page.evaluate(() => {
    globalThis.seen = new Set();
    new MutationObserver(() => {
      const progress = document.querySelector(".answer progress");
      if (progress) globalThis.seen.add(progress.value);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  const boat = "A paper boat on a calm lake at dawn [[render:7000]]";
  // A held key repeats.
  await page.getByLabel("What do you want to see?").fill(boat);
  for (let times = 0; times < 3; times += 1) await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");
  const entry = entryOf(page, boat);
  await becomes(entry, "processing");
  await becomes(entry, "completed");
  const seen = await page.evaluate(() => [...globalThis.seen]);
  check(seen.length >= 3, `the progress moved: ${seen}`);
  await plays(entry);

  await becomes(entryOf(tab, boat), "completed");
  await plays(entryOf(tab, boat));
  const address = await entry.locator("video").getAttribute("src");
  const refused = await stranger.context().request.get(`${APP}${address}`);
  check(refused.status() === 404, `a stranger gets no video: ${refused.status()}`);

  const three = ["A red kite", "A green kite", "A blue kite"].map((kite) => `${kite} [[render:6000]]`);
  const entries = [];
  for (const prompt of three) entries.push(await say(page, prompt));
  await page.getByText("Your video waits in the queue.").first().waitFor();
  for (const kite of entries) await becomes(kite, "completed");
  for (const prompt of three) await becomes(entryOf(tab, prompt), "completed");
  check((await stranger.locator(".entries > li").count()) === 0, "a stranger sees nothing of it");
  check((await entry.count()) === 1, "one prompt is one entry");
  await isTheSamePage(page);
  await isTheSamePage(tab);
});
