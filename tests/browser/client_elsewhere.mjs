// A page on another origin uses `@reelay/client` directly: orders, follows, waits, loads, cancels
// and lists.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { ORIGIN } from "./lib/stage.mjs";

/**
 * The page's origin, which the worker allows. Nothing listens there; the test gives the browser the
 * page's files.
 */
const PAGE = "http://127.0.0.1:4999";
const DIST = new URL("../../packages/client/dist/", import.meta.url);

// The browser treats such a page as public and would block its requests to this machine.
const NOT_PUBLIC = "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests";
const executablePath = process.env.CHROMIUM_BIN || "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", NOT_PUBLIC] });
const page = await browser.newPage();
await page.route(`${PAGE}/**`, (route) => {
  const name = new URL(route.request().url()).pathname.slice(1);
  if (!name.endsWith(".js"))
    return route.fulfill({ contentType: "text/html", body: "<!doctype html><title>An app</title>" });
  return route.fulfill({ contentType: "text/javascript", body: readFileSync(new URL(name, DIST), "utf8") });
});
await page.goto(`${PAGE}/`);
const seen = await page.evaluate(async (baseUrl) => {
  const { createReelay } = await import("/index.js");
  const reelay = createReelay({ baseUrl, apiKey: "dev_u_page" });
  const { generationId } = await reelay.create({ prompt: "A boat [[render:1000]]" });
  const types = [];
  for await (const { type } of reelay.events(generationId)) types.push(type);
  const { status } = await reelay.wait(generationId);
  const loaded = (await fetch(await reelay.videoUrl(generationId))).headers.get("content-type");
  const other = await reelay.create({ prompt: "Another [[render:60000]]" });
  const cancelled = (await reelay.cancel(other.generationId)).status;
  const listed = (await reelay.list()).data.length;
  const refusal = await reelay.get("none").catch(({ code, requestId }) => ({ code, named: requestId !== undefined }));
  return { first: types[0], last: types.at(-1), status, loaded, cancelled, listed, refusal };
}, ORIGIN);
await browser.close();
assert.deepEqual(seen, {
  first: "step",
  last: "end",
  status: "completed",
  loaded: "video/mp4",
  cancelled: "cancelled",
  listed: 2,
  refusal: { code: "not_found", named: true },
});
process.exit(0);
