// One generation from the order to the video. `npm start` shows it to prove that everything works.

import { setTimeout as sleep } from "node:timers/promises";
import { elapsed, Failure, say } from "./report.mjs";

const POLL_MS = 250;
const LIMIT_MS = 120_000;
const TERMINAL = ["completed", "failed", "cancelled"];
const USER = "sample";
const HEADERS = { authorization: `Bearer dev_${USER}`, "content-type": "application/json" };

/** Fetches JSON; an answer other than 2xx is a failure that quotes it. */
async function json(what, url, options = {}) {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000), ...options });
  const text = await response.text();
  if (!response.ok) throw new Failure(`${what} failed with status ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

async function create(worker) {
  const body = {
    prompt: "A paper boat sails down a rainy street at dusk",
    parameters: { duration: 8, aspectRatio: "16:9", resolution: "720p" },
  };
  const created = await json("The sample request", `${worker}/api/generations`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify(body),
  });
  return created.generationId;
}

/** Follows a generation to its end, printing each change. */
async function follow(worker, id, note) {
  const deadline = performance.now() + LIMIT_MS;
  let last = "";
  while (performance.now() < deadline) {
    const { generation } = await json("The sample's status", `${worker}/api/generations/${id}`, { headers: HEADERS });
    const now = `${generation.status}, ${generation.phase}`;
    if (now !== last) note(now);
    last = now;
    if (TERMINAL.includes(generation.status)) return generation;
    await sleep(POLL_MS);
  }
  throw new Failure(`The sample ${id} was still "${last}" after ${LIMIT_MS / 1000} s.`);
}

/** Waits for the terminal webhook of a generation in the inbox. */
async function webhook(upstream, id) {
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    const inbox = await json("The inbox", `${upstream}/__control/inbox`);
    const arrived = inbox.find(
      (entry) => JSON.parse(entry.body || "{}").generationId === id && entry.event !== "generation.progress",
    );
    if (arrived?.valid === false) throw new Failure(`The webhook's signature is not valid: ${arrived.reason}.`);
    if (arrived) return { ...arrived, body: JSON.parse(arrived.body) };
    await sleep(POLL_MS);
  }
  throw new Failure(`No webhook arrived for the sample ${id} within ${LIMIT_MS / 1000} s.`);
}

/** Fetches the video as a player does, without a token, and checks it. */
async function play(url, size) {
  const response = await fetch(url, { headers: { range: "bytes=0-" }, signal: AbortSignal.timeout(60_000) });
  const bytes = (await response.arrayBuffer()).byteLength;
  const type = response.headers.get("content-type");
  if (
    ![200, 206].includes(response.status) ||
    type !== "video/mp4" ||
    bytes === 0 ||
    (size !== undefined && bytes !== size)
  ) {
    throw new Failure(
      `The video at ${url} does not play: status ${response.status}, ${type}, ${bytes} bytes of ${size ?? "?"}.`,
    );
  }
  return `${response.status}, ${type}, ${bytes} bytes`;
}

/** Runs the sample and prints each step; returns the URL of its video. */
export async function runSample(worker, upstream) {
  const started = performance.now();
  const note = (text) => say(`  ${elapsed(started).padStart(7)}  ${text}`);
  say("\nOne sample generation:");
  const id = await create(worker);
  note(`created ${id}`);
  const generation = await follow(worker, id, note);
  if (generation.status !== "completed") {
    throw new Failure(`The sample ended as ${generation.status} (${generation.errorCode}): ${generation.error}`);
  }
  const arrived = await webhook(upstream, id);
  note(`webhook ${arrived.body.event} arrived, signature valid`);
  const url = new URL(arrived.body.result.videoUrl, worker).href;
  note(`video: ${await play(url, arrived.body.result.fileSize)}`);
  say(`\n  The video plays from\n  ${url}`);
  return url;
}
