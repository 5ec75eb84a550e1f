// A user's text is shown as text, whatever markup it contains.

import { check, KEYS, scenario } from "./lib/stage.mjs";
import { open, rows, signIn, stands } from "./lib/steps.mjs";
import { order } from "./lib/world.mjs";

const PROMPT = `<script>alert(1)</script><img src=x onerror=alert(2)> <b>bold</b> &amp; ${"wide".repeat(80)} مرحبا \u202eback\u202c 🎬 "quotes"`;
const METADATA = { note: '"><svg onload=alert(3)>', "<i>key</i>": "javascript:alert(4)" };

await scenario(async ({ page }) => {
  const id = await order("writer", PROMPT, { metadata: METADATA });
  await open(page);
  await signIn(page, KEYS.admin);
  const own = rows(page).locator(".prompt").first();
  await own.waitFor();
  check((await own.textContent()) === PROMPT, "the list shows it unchanged");
  await own.click();
  await stands(page, "Completed");
  check(new URL(page.url()).hash === `#/job/writer/${id}`, "the generation has its own address");
  const shown = await page.locator(".text").textContent();
  check(shown === PROMPT, `the page shows it unchanged: ${shown}`);
  await page.getByText(METADATA.note).waitFor();
  await page.getByText("<i>key</i>").waitFor();
  const made = await page.locator("#app script, #app img, #app b, #app i, #app svg[onload]").count();
  check(made === 0, "no markup became an element");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(wide <= 0, `the long word is wrapped; the page is ${wide} px too wide`);
});
