// Every control of an operator, used on the running worker: pauses, limits and bulks, before and
// after the worker was killed.

import { check, KEYS, scenario, until } from "./lib/stage.mjs";
import { open, signIn, stands, summary } from "./lib/steps.mjs";
import { ask, done, order } from "./lib/world.mjs";

const PROVIDER = "veo3";

await scenario(
  async ({ page }) => {
    await open(page);
    await signIn(page, KEYS.admin);
    await visit(page);
    await pausesAProvider(page);
    const waits = await order("controls", "One that waits", { provider: PROVIDER });
    await changesALimit(page);
    await open(page, `#/job/controls/${waits}`);
    await summary(page).getByText("An operator has paused it.").waitFor();
    await ask("kill");
    await ask("restart");
    await page.locator("body:not(.stale)").waitFor();
    await stands(page, "Queued");
    await visit(page);
    await limit(page, "Jobs at once", /^Changed by ADMIN_KEY at .*MAX_CONCURRENT_JOBS is 5\.$/);
    await resumesIt(page, waits);
    await resetsTheLimit(page);
    await retriesInBulk(page);
    await cancelsInBulk(page);
    await stopsABulk(page);
  },
  { expected: [/net::ERR_/, /status of 5\d\d/, /status of 4(00|09)/] },
);

async function visit(page) {
  await page.getByRole("link", { name: "Controls" }).click();
  await page.getByRole("heading", { level: 1, name: "Controls" }).waitFor();
}

/** Confirms the open dialog of this title. */
async function agree(page, title, yes) {
  const dialog = page.getByRole("dialog", { name: title });
  await dialog.getByRole("button", { name: yes }).click();
  await dialog.waitFor({ state: "detached" });
}

function paused(page, name) {
  return page
    .getByRole("list", { name: "Pauses" })
    .locator("li[data-paused=true]")
    .filter({ has: page.getByText(name, { exact: true }) });
}

async function pausesAProvider(page) {
  const button = page.getByRole("button", { name: `Pause ${PROVIDER}`, exact: true });
  await button.click();
  await page.getByRole("dialog").getByRole("button", { name: "Leave it running" }).click();
  check((await paused(page, PROVIDER).count()) === 0, "it is paused only when that is confirmed");
  await button.click();
  await agree(page, `Pause ${PROVIDER}?`, "Pause it");
  await paused(page, PROVIDER)
    .getByText(/^Paused since \d\d:\d\d:\d\d$/)
    .waitFor();
  await page.locator(".banner[data-kind=paused]").getByText(`${PROVIDER} is paused`).waitFor();
}

function panel(page, name) {
  return page.getByRole("region", { name, exact: true });
}

/** Waits until a limit's field says where its value comes from. */
function limit(page, label, origin) {
  return panel(page, "Limits")
    .locator(".field")
    .filter({ has: page.getByLabel(label, { exact: true }) })
    .getByText(origin)
    .waitFor();
}

async function changesALimit(page) {
  const [total, perUser] = ["Jobs at once", "Jobs of one user at once"].map((label) =>
    page.getByLabel(label, { exact: true }),
  );
  await until("the limits are shown", async () => (await total.inputValue()) === "5");
  await total.fill("4");
  await perUser.fill("9");
  await page.getByRole("button", { name: "Save the limits" }).click();
  await agree(page, "Change these limits?", "Change");
  await page.getByText("It must be at most maxConcurrentJobs, which is 4.").waitFor();
  await perUser.fill("2");
  await page.getByRole("button", { name: "Save the limits" }).click();
  await agree(page, "Change these limits?", "Change");
  await limit(page, "Jobs at once", /^Changed by ADMIN_KEY/);
  await limit(page, "Jobs of one user at once", /MAX_CONCURRENT_JOBS_PER_USER is not set\.$/);
}

async function resumesIt(page, waits) {
  await paused(page, PROVIDER).waitFor();
  await page
    .getByRole("list", { name: "Pauses" })
    .getByRole("button", { name: `Resume ${PROVIDER}`, exact: true })
    .click();
  await paused(page, PROVIDER).waitFor({ state: "detached" });
  const generation = await done("controls", waits);
  check(generation.status === "completed", `it ended as ${generation.status}`);
}

async function resetsTheLimit(page) {
  for (const label of ["Jobs of one user at once", "Jobs at once"]) {
    await page.getByRole("button", { name: `Reset: ${label}`, exact: true }).click();
    await agree(page, "Reset this limit?", "Reset");
  }
  await limit(page, "Jobs at once", /^MAX_CONCURRENT_JOBS is 5\.$/);
}

function bulk(page, state) {
  return page.getByRole("list", { name: "Bulks" }).locator(`li[data-state=${state}]`);
}

async function retriesInBulk(page) {
  const ids = await Promise.all([1, 2, 3].map((one) => order("bulk", `Number ${one} fails [[submit:400-safety]]`)));
  for (const id of ids) await done("bulk", id);
  await page.getByLabel("User", { exact: true }).fill("bulk");
  await until("the queue knows all failures", async () => {
    await page.getByRole("button", { name: "Count them" }).click();
    const dialog = page.getByRole("dialog", { name: "Retry 3 generations?" });
    if (await dialog.isVisible()) return true;
    await page.waitForTimeout(300);
    if (await dialog.isVisible()) return true;
    const other = page.getByRole("dialog").getByRole("button", { name: "Do nothing" });
    if (await other.isVisible()) await other.click();
    return false;
  });
  await page.getByText(/^Each gets a new attempt\. By list price they cost at most \$\d/).waitFor();
  await agree(page, "Retry 3 generations?", "Retry 3 generations");
  await bulk(page, "completed")
    .getByText(/^3 of 3 done; at most \$\d+\.\d\d; started by ADMIN_KEY at /)
    .waitFor();
  for (const id of ids) check((await done("bulk", id)).attempts === 2, "each has a second attempt");
  await open(page, `#/job/bulk/${ids[0]}`);
  await page.getByText("Operator acted").first().waitFor();
  await visit(page);
}

async function cancelsInBulk(page) {
  await Promise.all([1, 2].map((one) => order("given-up", `Number ${one} is given up [[render:60000]]`)));
  await page.getByLabel("Action", { exact: true }).selectOption("cancel");
  await page.getByLabel("User", { exact: true }).fill("given-up");
  await page.getByRole("button", { name: "Count them" }).click();
  await agree(page, "Cancel 2 generations?", "Cancel 2 generations");
  await bulk(page, "completed")
    .getByText(/^2 of 2 done; started by ADMIN_KEY/)
    .waitFor();
  await page.getByLabel("User", { exact: true }).fill("nobody-at-all");
  await page.getByRole("button", { name: "Count them" }).click();
  await page.getByText("No generation matches.").waitFor();
}

/** The page still shows a bulk as running that has just ended. */
async function stopsABulk(page) {
  const list = "**/api/bulk";
  await page.route(list, async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    for (const own of answer.data ?? []) Object.assign(own, { state: "running", left: 1 });
    await route.fulfill({ response, json: answer });
  });
  await page
    .getByRole("button", { name: /^Stop bulk \d+$/ })
    .first()
    .click();
  await agree(page, "Stop this bulk?", "Stop it");
  await page.getByText("The bulk has already ended.").waitFor();
  await page.unroute(list);
}
