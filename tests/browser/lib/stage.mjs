// A browser whose pages are watched: any error or warning fails the scenario, unless the scenario
// expects it.
//
// `tests/workerd/dashboard.rs` and `example.rs` run it. They set the origins of the worker and the
// app, and the worker's keys, in variables.

import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PATIENCE_MS = 60_000;
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

/** The worker's origin. */
export const ORIGIN = process.env.REELAY_ORIGIN;
/** The example app's origin, in the scenarios that use it. */
export const APP = process.env.APP_ORIGIN;
/** The keys that the worker accepts. */
export const KEYS = { admin: process.env.REELAY_ADMIN_KEY, service: process.env.REELAY_SERVICE_KEY };

/**
 * Plays one scenario on a page of its own and ends the process: 0 if it succeeded.
 * @param {(stage: {page: import("playwright-core").Page, fresh: (options?: object) => Promise<import("playwright-core").Page>}) => Promise<void>} play
 * @param {{expected?: RegExp[], context?: object}} [options] `expected`: errors that the scenario causes
 */
export async function scenario(play, { expected = [], context = {} } = {}) {
  const name = basename(process.argv[1], ".mjs");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_BIN || "/usr/bin/chromium",
    args: ARGUMENTS,
  });
  const complaints = [];
  const pages = [];
  const fresh = async (own = {}) => {
    const opened = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...context, ...own });
    const page = await opened.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await watch(page, complaints);
    pages.push(page);
    return page;
  };
  let failure;
  try {
    await play({ page: await fresh(), fresh });
    const unexpected = complaints.filter((text) => !expected.some((pattern) => pattern.test(text)));
    if (unexpected.length > 0) throw new Error(`The browser reported errors:\n  ${unexpected.join("\n  ")}`);
  } catch (error) {
    failure = error;
    for (const page of pages) await show(name, page, error, complaints);
  }
  await browser.close();
  process.exit(failure ? 1 : 0);
}

/** Records errors, violations of the content security policy, and requests to other origins. */
async function watch(page, complaints) {
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`page: ${error.stack}`));
  page.on("dialog", (dialog) => {
    complaints.push(`a browser dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    const known = APP === undefined ? origin === ORIGIN : origin === APP || isVideo(request.url());
    if (!known && protocol !== "data:" && protocol !== "blob:") complaints.push(`other origin: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`security policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
}

/** Whether an address is a video on the worker. The app's pages may load nothing else from it. */
function isVideo(address) {
  const { origin, pathname } = new URL(address);
  return origin === ORIGIN && /^\/api\/generations\/[^/]+\/video$/.test(pathname);
}

/** Prints the page's text and takes a picture of it when the scenario failed. */
async function show(name, page, error, complaints) {
  console.log(`${name} failed: ${error.stack}`);
  for (const text of complaints) console.log(`  error: ${text}`);
  if (!page || page.isClosed()) return;
  const folder = join(process.env.CARGO_TARGET_DIR || join(ROOT, "target"), "browser");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  const text = await page
    .locator("body")
    .ariaSnapshot({ timeout: 5000 })
    .catch(() => "no text could be read");
  console.log(`  the page ${page.url()} showed:\n${text.replaceAll(/^/gm, "    ")}`);
  await page.screenshot({ path, fullPage: true, timeout: 10_000 }).catch(() => {});
  console.log(`  a picture of it: ${path}`);
}

/** Fails with `what` unless it holds. */
export function check(holds, what) {
  if (!holds) throw new Error(what);
}

/** Polls until `probe` returns something, at most a minute. @template T @param {() => Promise<T>} probe @returns {Promise<T>} */
export async function until(what, probe) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`Not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
