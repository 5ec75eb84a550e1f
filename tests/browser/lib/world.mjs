// The page's surroundings: the worker's API, the local upstream, and the test that can kill the
// worker.

import { createInterface } from "node:readline";
import { ORIGIN } from "./stage.mjs";

const UPSTREAM = process.env.UPSTREAM_ORIGIN;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
process.stdin.unref();

/** Asks the test to `kill` or `restart` the worker; returns once it is done. */
export async function ask(word) {
  console.log(`@${word}`);
  const { value } = await answers.next();
  if (value !== "done") throw new Error(`The test answered ${value} to ${word}.`);
}

/** Sets how the app's receiver answers webhooks from now on. */
export const inbox = (mode) => control("inbox/mode", { mode });

async function control(path, body) {
  const response = await fetch(`${UPSTREAM}/__control/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** Orders a generation as an app would; returns its id. */
export async function order(user, prompt, more = {}) {
  const response = await fetch(`${ORIGIN}/api/generations`, {
    method: "POST",
    headers: { Authorization: `Bearer dev_${user}`, "Content-Type": "application/json" },
    body: JSON.stringify({ prompt, ...more }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`The order was answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer.generationId;
}

/** Waits until a generation has ended and its webhook is settled. */
export async function done(user, id) {
  for (;;) {
    const headers = { Authorization: `Bearer dev_${user}` };
    const { generation } = await (await fetch(`${ORIGIN}/api/generations/${id}`, { headers })).json();
    if (generation.phase === "done") return generation;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
