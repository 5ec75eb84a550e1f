// From signing in to a video that plays, with every action on the queue on the way.

import { check, KEYS, scenario, until } from "./lib/stage.mjs";
import { isMarked, mark, open, orderBy, rows, signIn, stands, summary } from "./lib/steps.mjs";
import { done, inbox, order } from "./lib/world.mjs";

const STEPS = ["created", "started", "submit_intended", "submitted", "rendered", "stored", "completed"];

await scenario(async ({ page }) => {
  const streams = [];
  page.on("response", (response) => {
    if (response.url().endsWith("/events")) streams.push(response.headers()["content-type"] ?? "");
  });
  await open(page);
  await signIn(page, KEYS.admin);
  await mark(page);
  await watchesOneMove(page, streams);
  await playsIt(page);
  await seesTheWaterfall(page);
  await seesWhatNothingWasDoneWith(page);
  await cancelsOne(page);
  await sendsAWebhookAgain(page);
  await pausesAndResumes(page);
  check(await isMarked(page), "the page was not reloaded");
});

async function watchesOneMove(page, streams) {
  await page.evaluate(() => {
    globalThis.seen = [];
    new MutationObserver(() => {
      const progress = document.querySelector(".progress progress");
      if (progress && !progress.closest("[hidden]")) globalThis.seen.push(progress.value);
    }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  await orderBy(page, "A paper boat on a calm lake at dawn [[render:3000]]", "anna");
  await stands(page, "Processing");
  await stands(page, "Completed");
  const seen = new Set(await page.evaluate(() => globalThis.seen));
  check(seen.size >= 3, `the progress moved: ${[...seen]}`);
  check(
    streams.some((type) => type.startsWith("text/event-stream")),
    `it moved with live events: ${streams}`,
  );
}

async function playsIt(page) {
  const video = page.getByLabel("The rendered video");
  await video.evaluate((player) => player.play());
  await until("the video plays", () => video.evaluate((player) => player.currentTime > 0.3 && player.videoWidth > 0));
  await video.evaluate((player) => player.pause());
}

async function seesTheWaterfall(page) {
  const table = page.locator("table.waterfall");
  const named = await until("every step is listed", async () => {
    const steps = await table.locator("tr[data-step]").evaluateAll((all) => all.map((row) => row.dataset.step));
    return steps.includes("webhook_delivered") && steps;
  });
  check(
    STEPS.every((step, index) => named[index] === step),
    `the steps are in order: ${named}`,
  );
  const widths = await table
    .locator(".piece")
    .evaluateAll((all) => all.map((bar) => [bar.closest("tr").dataset.step, bar.getBoundingClientRect().width]));
  const widest = widths.toSorted(([, one], [, other]) => other - one)[0][0];
  check(widest === "submitted", `the render took longest: ${JSON.stringify(widths)}`);
}

async function seesWhatNothingWasDoneWith(page) {
  const warnings = page.getByRole("heading", { name: "Warnings" });
  check(!(await warnings.isVisible()), "an order without ignored fields has no warnings");
  const id = await order("anna", "One with an unknown field", { aspectratio: "9:16" });
  await open(page, `#/job/anna/${id}`);
  await warnings.waitFor();
  await page.getByText("/aspectratio", { exact: true }).waitFor();
  await page.getByText(/did you mean aspectRatio/).waitFor();
}

async function cancelsOne(page) {
  await orderBy(page, "One that is given up [[render:60000]]", "anna");
  await stands(page, "Processing");
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Cancel the generation" }).click();
  await stands(page, "Cancelled");
  await page.locator("table.deliveries tr[data-state=delivered]").waitFor();
}

async function sendsAWebhookAgain(page) {
  await inbox("status:500");
  await orderBy(page, "A webhook delivered late", "ben");
  const deliveries = page.locator("table.deliveries");
  await deliveries.locator("tr[data-state=exhausted]").waitFor();
  const banner = page.locator(".banner[data-kind=webhooks]");
  await banner.getByText(/exhausted(, the oldest)? at \d\d:\d\d:\d\d/).waitFor();
  await inbox("ok");
  await deliveries.getByRole("button", { name: /^Send again: generation\.completed/ }).click();
  await deliveries.locator("tr[data-state=delivered]").waitFor();
  await sendsAllOthersAgain(page, banner);
}

/** Earlier scenarios leave exhausted webhooks. */
async function sendsAllOthersAgain(page, banner) {
  await inbox("status:410");
  await done("carla", await order("carla", "Another webhook delivered late"));
  await inbox("ok");
  await staysBusyWhileTheCountChanges(page, banner);
  await banner.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Deliveries" }).click();
  await page
    .getByRole("link", { name: /^carla/ })
    .first()
    .waitFor();
  await page.getByRole("button", { name: "Exhausted" }).click();
  await page.getByText("No webhooks match this filter.").waitFor();
  await sendsATest(page);
}

async function sendsATest(page) {
  const test = page.getByRole("button", { name: "Send a test webhook" });
  await test.click();
  await page.getByText(/^The receiver accepted the event with 200\./).waitFor();
  await inbox("redirect");
  await test.click();
  await page.getByText(/^The receiver answered 307: .*set WEBHOOK_URL to the final address/).waitFor();
  await inbox("ok");
  await sendsATestAlert(page);
}

async function sendsATestAlert(page) {
  const test = page.getByRole("button", { name: "Send a test alert" });
  await test.click();
  await page.getByText(/^The receiver accepted the alert with 200\. Sent to http:\/\/127\.0\.0\.1:\d+, /).waitFor();
  await inbox("status:404");
  await test.click();
  await page.getByText(/^The receiver answered 404: .*set ALERT_WEBHOOK_URL/).waitFor();
  await inbox("ok");
  await page.getByRole("link", { name: "Setup" }).click();
  await test.click();
  await page.getByText(/^The receiver accepted the alert with 200\./).waitFor();
  await page.getByRole("link", { name: "Deliveries" }).click();
}

/**
 * A second click does nothing while the first one's action goes on, even if the banner's text has
 * changed.
 */
async function staysBusyWhileTheCountChanges(page, banner) {
  const [status, recover] = ["**/api/queue/status", "**/api/webhooks/recover?*"];
  let calls = 0;
  let goOn;
  const held = new Promise((resolve) => {
    goOn = resolve;
  });
  await page.route(recover, async (route) => {
    calls += 1;
    await held;
    await route.continue();
  });
  const again = banner.getByRole("button", { name: "Send all again" });
  await again.click();
  await page.route(status, async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    answer.status.webhooks = { ...answer.status.webhooks, exhausted: 1234 };
    await route.fulfill({ response, json: answer });
  });
  await banner.getByText(/^1,234 webhooks were exhausted/).waitFor();
  const busy = await again.getAttribute("aria-busy");
  await again.click();
  await page.unroute(status);
  goOn();
  check(busy === "true" && calls === 1, `one action at a time: busy ${busy}, ${calls} calls`);
}

async function pausesAndResumes(page) {
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("button", { name: "Pause the queue" }).click();
  const banner = page.locator(".banner[data-kind=paused]");
  await banner.getByText(/^The queue is paused \(since \d\d:\d\d:\d\d\)/).waitFor();
  await orderBy(page, "One that has to wait", "anna");
  await stands(page, "Queued");
  await summary(page).getByText("An operator has paused it.").waitFor();
  await banner.getByRole("button", { name: "Resume" }).click();
  await stands(page, "Completed");
  await banner.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Back to the list" }).click();
  await rows(page).first().getByText("One that has to wait").waitFor();
}
