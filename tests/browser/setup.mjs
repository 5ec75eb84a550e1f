// The checklist of a development worker: every line red and green, a test webhook, and the demo
// rendered to a video that plays.

import { examine } from "./lib/axe.mjs";
import { checkAgain, line, named } from "./lib/checklist.mjs";
import { watchSecrets } from "./lib/secrets.mjs";
import { check, KEYS, scenario, until } from "./lib/stage.mjs";
import { open, rows, signIn, stands, summary } from "./lib/steps.mjs";
import { ask, done, inbox, order } from "./lib/world.mjs";

const GREEN = ["API_KEY", "ADMIN_KEY", "NEXTJS_URL", "R2", "veo3", "vertex", "omni", "demo", "limits"];

await scenario(
  async ({ page, fresh }) => {
    const noSecret = watchSecrets(page);
    await open(page);
    await signIn(page, KEYS.admin);
    await page.getByText("There are no generations yet.").waitFor();
    await page.getByRole("link", { name: "Setup" }).click();
    await line(page, "last webhook", "unknown", "None was sent yet.");
    check(String(await named(page, "ok")) === String(GREEN), `green: ${await named(page, "ok")}`);
    await page.getByText("No check failed. Unknown: 1.").waitFor();
    await ask("hide");
    await checkAgain(page);
    const app = await line(page, "WEBHOOK_URL", "ok", /\/api\/webhooks\/worker answered 405 to a GET\./);
    check(!(await app.textContent()).includes("?"), "the address has no query");

    await page.getByRole("button", { name: "Send a test webhook" }).click();
    await page.getByText(/^The receiver accepted the event with 200\./).waitFor();
    await rendersTheDemo(page);
    await page.getByRole("link", { name: "Setup" }).click();
    await line(page, "last webhook", "ok", "The app accepted generation.completed of d-");
    await page.getByText("Every check passed.").waitFor();
    for (const colorScheme of ["light", "dark"]) await looksRight(fresh, colorScheme, "ok");

    await failsOneByOne(page, fresh);
    await noSecret();
  },
  { expected: [/net::ERR_/, /status of 5\d\d/] },
);

async function rendersTheDemo(page) {
  await page.getByRole("button", { name: "Render the demo" }).click();
  await page.getByRole("heading", { level: 1, name: /^d-/ }).waitFor();
  await summary(page).locator(".tag", { hasText: "demo" }).waitFor();
  await stands(page, "Completed");
  const video = page.getByLabel("The rendered video");
  await video.evaluate((player) => player.play());
  await until("the video plays", () => video.evaluate((player) => player.currentTime > 0.3 && player.videoWidth > 0));
  await video.evaluate((player) => player.pause());
  await page.locator("table.deliveries tr[data-state=delivered]").waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await rows(page).first().locator(".prompt .tag", { hasText: "demo" }).waitFor();
}

async function failsOneByOne(page, fresh) {
  await inbox("status:410");
  const id = await order("anna", "One that the app refuses");
  await done("anna", id);
  await inbox("ok");
  await checkAgain(page);
  await line(page, "last webhook", "failed", `did not accept generation.completed of ${id}. The last answer was 410`);
  check((await rows(page).count()) === 0, "this is the page of the setup");
  await page.goto("about:blank");
  await open(page, "#/");
  const row = rows(page).filter({ hasText: "One that the app refuses" });
  await row.waitFor();
  check(!(await row.locator(".tag").isVisible()), "other generations have no mark");
  await page.getByRole("link", { name: "Setup" }).click();

  await ask("refuse");
  await checkAgain(page);
  await line(page, "NEXTJS_URL", "unknown", /answered 404.*Send a test webhook.*correct NEXTJS_URL in \.dev\.vars/);
  await line(page, "veo3", "failed", /API key not valid.*Replace VEO3_API_KEY in \.dev\.vars/);
  await line(page, "omni", "failed", /API key not valid.*Replace GEMINI_API_KEY in \.dev\.vars/);
  await line(page, "vertex", "failed", /account not found.*Replace VERTEX_SERVICE_ACCOUNT in \.dev\.vars/);
  check((await page.locator(".checks .command:visible").count()) === 0, "no command fixes .dev.vars");
  for (const colorScheme of ["light", "dark"]) await looksRight(fresh, colorScheme, "failed");

  await ask("disconnect");
  await checkAgain(page);
  await line(page, "NEXTJS_URL", "failed", "did not answer within 5 seconds");
  await line(page, "veo3", "unknown", "HTTP 404");
  await line(page, "omni", "failed", "did not answer within 5 seconds");
  await line(page, "vertex", "failed", "aiplatform.models.list");

  await ask("mend");
  await ask("hold");
  await checkAgain(page);
  for (const provider of ["veo3", "omni", "vertex"])
    await line(page, provider, "failed", "did not answer within 5 seconds");
  await line(page, "R2", "ok");
  await ask("release");
  await checkAgain(page);
  check(String(await named(page, "ok")) === String(GREEN), `green again: ${await named(page, "ok")}`);

  await ask("damage");
  await checkAgain(page);
  await line(page, "R2", "failed", "does not answer");
}

/** axe-core finds nothing on the checklist in this theme, with lines of this state. */
async function looksRight(fresh, colorScheme, state) {
  const page = await fresh({ colorScheme });
  await open(page);
  await signIn(page, KEYS.admin);
  await open(page, "#/setup");
  await page.locator(`.checks li[data-state=${state}]`).first().waitFor();
  await page.getByRole("button", { name: "Render the demo", disabled: false }).waitFor();
  await examine(page, `setup with lines that are ${state}`, colorScheme);
  await page.close();
}
