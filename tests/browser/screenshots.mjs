// Takes the dashboard's pictures for the documentation; `npm run screenshots` keeps them.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { KEYS, scenario, until } from "./lib/stage.mjs";
import { open, rows, signIn, stands } from "./lib/steps.mjs";
import { done, inbox, order } from "./lib/world.mjs";

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));
/** An empty page compresses to less. */
const LEAST_BYTES = 30_000;
const MINUTE_MS = 60_000;
const PROMPTS = [
  ["anna", "A paper boat sails down a rainy street at dusk"],
  ["ben", "A lighthouse in a storm, waves breaking over the rocks"],
  ["carla", "Macro of a bee on lavender, slow motion"],
  ["anna", "A red kite over a green hill, long shot"],
  ["carla", "Clouds over a city skyline, seen for a day [[submit:400-safety]]"],
  ["ben", "An old tram crosses a bridge in the fog"],
];

await scenario(async ({ page, fresh }) => {
  // The plots show invented data, so that the script need not run for an hour.
  await page.setViewportSize({ width: 1280, height: 1240 });
  await page.route("**/api/metrics?*", (route) => route.fulfill({ json: { success: true, metrics: busyHour() } }));
  const ended = [];
  for (const [index, [user, prompt]] of PROMPTS.entries()) {
    if (index === 1) await inbox("status:410");
    const id = await order(user, prompt.includes("[[") ? prompt : `${prompt} [[render:${2000 + 300 * index}]]`);
    await done(user, id);
    await inbox("ok");
    ended.push([user, id]);
  }
  for (let index = 0; index < 9; index += 1) {
    const [user, prompt] = PROMPTS[index % 4];
    await order(user, `${prompt}, take ${index + 2} [[render:600000]]`, { priority: index % 4 === 3 ? 3 : 0 });
  }
  await open(page);
  await signIn(page, KEYS.admin);
  await rows(page).nth(12).waitFor();
  await page.locator(".plot canvas").first().waitFor();
  await until("the plots have data", async () => (await page.getByText(/^[1-9]\d* accepted/).count()) > 0);
  await hideMarks(page);
  await picture(page, "dashboard");
  const [user, id] = ended[0];
  await open(page, `#/job/${user}/${id}`);
  await stands(page, "Completed");
  const video = page.getByLabel("The rendered video");
  await video.evaluate((player) => player.play());
  await until("a frame of the video", () => video.evaluate((player) => player.currentTime > 1));
  await video.evaluate((player) => player.pause());
  await page.locator("tr[data-state]").first().waitFor();
  await hideMarks(page);
  await picture(page, "job");
  await page.getByRole("link", { name: "Controls" }).click();
  await page.getByRole("heading", { level: 1, name: "Controls" }).waitFor();
  await page.getByText("Jobs at once").waitFor();
  await picture(page, "controls");
  await page.getByRole("link", { name: "Setup" }).click();
  await page.getByText(/^(Every check passed|No check failed)\./).waitFor();
  await hideMarks(page);
  await picture(page, "setup");
  const phone = await fresh({ viewport: { width: 390, height: 1100 }, hasTouch: true, isMobile: true });
  await open(phone);
  await signIn(phone, KEYS.admin);
  await rows(phone).nth(12).waitFor();
  await phone.locator(".banner[data-kind=webhooks]").waitFor();
  await hideMarks(phone);
  await picture(phone, "phone");
});

/** An invented hour of a queue whose slots are mostly used. */
function busyHour() {
  const end = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const minutes = Array.from({ length: 60 }, (_, index) => index);
  const series = (value) => minutes.map((minute) => Math.max(0, value(minute)));
  const whole = (value) => series((minute) => Math.round(value(minute)));
  const tide = (minute) => Math.sin(minute / 9) + 0.35 * Math.sin(minute * 1.7);
  return {
    times: minutes.map((minute) => new Date(end - (59 - minute) * MINUTE_MS).toISOString()),
    queue: {
      waiting: whole((minute) => 7 + 5 * tide(minute)),
      running: whole((minute) => Math.min(5, 4.6 + tide(minute))),
      accepted: whole((minute) => 4 + 3 * tide(minute + 4)),
      waitMs: {
        p50: series((minute) => 14_000 + 9000 * tide(minute)),
        p95: series((minute) => 34_000 + 16_000 * tide(minute)),
      },
    },
    processing: {
      completed: whole((minute) => 3.6 + 2 * tide(minute)),
      failed: whole((minute) => (minute % 23 === 7 ? 1 : 0)),
      durationMs: {
        p50: series((minute) => 46_000 + 4000 * tide(2 * minute)),
        p95: series((minute) => 71_000 + 9000 * tide(3 * minute)),
      },
    },
  };
}

/** Removes the marks that control the local upstream from the page. */
function hideMarks(page) {
  return page.evaluate(() => {
    for (const own of document.querySelectorAll(".prompt, .text")) {
      own.textContent = own.textContent.replace(/ \[\[.*\]\]/, "");
    }
  });
}

async function picture(page, name) {
  const bytes = await page.screenshot(process.env.REELAY_SCREENSHOTS ? { path: `${DOCS}${name}.png` } : {});
  assert.ok(bytes.length > LEAST_BYTES, `the picture ${name} has only ${bytes.length} bytes`);
}
