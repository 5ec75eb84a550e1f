// @ts-check
// A provider whose worker gives a list of responses, one for each request, and records requests.

import { createReelay } from "@reelay/ai-sdk-provider";

export const BASE_URL = "https://reelay.test";
export const API_KEY = "a-key-that-nobody-may-see";
export const MODEL = "veo-3.1-generate-001";
export const PROMPT = "A paper boat that nobody may see";

/** @typedef {import("../../../client/test/lib/worker.mjs").Answer} Answer */
/** @typedef {import("../../../client/test/lib/worker.mjs").Asked} Asked */

/**
 * @param {Answer[]} answers
 * @param {import("@reelay/ai-sdk-provider").ReelayProviderSettings} [settings]
 */
export function providerWith(answers, settings = {}) {
  /** @type {Asked[]} */
  const asked = [];
  const left = [...answers];
  const baseURL = settings.baseURL ?? BASE_URL;
  /** @type {any} */
  const fetch = async (url, init = {}) => {
    const path = url.startsWith(baseURL) ? url.slice(baseURL.length) : url;
    /** @type {any} */
    const request = { method: "GET", ...init, url, path, body: init.body && JSON.parse(init.body) };
    asked.push(request);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`unexpected request: ${request.method} ${url}`);
    return answer(request);
  };
  const provider = createReelay({ baseURL, apiKey: API_KEY, fetch, ...settings });
  // In the SDK's type all methods of a model are optional; this model has them all.
  const model = /** @type {Required<import("@ai-sdk/provider").Experimental_VideoModelV4>} */ (provider.video(MODEL));
  return { model, provider, asked, left, lines: () => asked.map(lineOf) };
}

/** The options of a call of the SDK. @returns {any} */
export const callOptions = (more = {}) => ({
  prompt: PROMPT,
  n: 1,
  aspectRatio: undefined,
  resolution: undefined,
  duration: undefined,
  fps: undefined,
  seed: undefined,
  image: undefined,
  frameImages: undefined,
  inputReferences: undefined,
  generateAudio: undefined,
  providerOptions: {},
  ...more,
});

/** An error with all its fields as text, to search for secrets. */
export function everythingOf(error) {
  const seen = [];
  for (let at = error; at instanceof Error; at = /** @type {any} */ (at).cause)
    seen.push(at.message, at.stack, JSON.stringify(at));
  return seen.join("\n");
}

function lineOf({ method, path }) {
  return `${method} ${path}`;
}
