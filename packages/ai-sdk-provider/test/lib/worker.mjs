// @ts-check
// A worker that keeps generations, and fails where a test says so: the money's tests count what it has been ordered.

import { createReelay } from "@reelay/ai-sdk-provider";

export const BASE_URL = "https://reelay.test";
export const API_KEY = "a-key-that-nobody-may-see";
export const PROMPT = "A paper boat that nobody may read of";
export const VIDEO_URL = `${BASE_URL}/api/generations/x/video?signature=secret`;

const RESULT = { videoUrl: VIDEO_URL, duration: 8, fileSize: 4, resolution: "720p", format: "mp4", cost: 3.2 };

/** A problem of the worker's. */
export function problem(status, code, retryable, headers = {}) {
  const error = `This is ${code}.`;
  return Response.json({ success: false, code, error, detail: error, retryable, errors: [] }, { status, headers });
}

/**
 * @param {object} [world]
 * @param {(asked: any) => Response | undefined | Promise<Response | undefined>} [world.before] answers in the worker's place
 * @param {(asked: any) => void} [world.after] throws once the worker has done its work, and so loses the answer
 * @param {object} [world.stands] how a generation stands
 */
export function workerWith({ before, after, stands = { status: "completed", result: RESULT } } = {}) {
  /** @type {Map<string, any>} */
  const generations = new Map();
  /** @type {any[]} */
  const asked = [];
  const handle = (request) => {
    const [, , id, verb] = request.path.split("/").slice(1);
    if (request.method === "POST" && id === undefined) {
      const key = request.body.generationId ?? request.headers.get("idempotency-key");
      if (!generations.has(key)) generations.set(key, { ...request.body, cancelled: false });
      return Response.json({ success: true, generationId: key, status: "queued", queuePosition: 1 }, { status: 201 });
    }
    const known = generations.get(id);
    if (verb === "cancel") known.cancelled = true;
    if (verb === "events") return new Response(null, { status: 204 });
    const base = { id, generationId: id, phase: "rendering", progress: 40, queuePosition: 0 };
    const now = known?.cancelled ? { status: "cancelled" } : stands;
    return Response.json({ success: true, generationId: id, generation: { ...base, ...now } });
  };
  /** @type {any} */
  const fetch = async (url, init = {}) => {
    const path = String(url).replace(BASE_URL, "");
    const request = { method: "GET", ...init, url: String(url), path, body: init.body && JSON.parse(init.body) };
    asked.push(request);
    const instead = await before?.(request);
    if (instead) return instead;
    const answer = handle(request);
    after?.(request);
    return answer;
  };
  const reelay = createReelay({ baseURL: BASE_URL, apiKey: API_KEY, userId: "u_1", fetch });
  return { reelay, model: reelay.video("veo-3.1-generate-001"), asked, generations, fetch };
}

/** A call as the SDK makes it. @returns {any} */
export const call = (more = {}) => ({ prompt: PROMPT, n: 1, providerOptions: {}, ...more });

/** What a promise is rejected with. @returns {Promise<any>} */
export async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("nothing failed");
}
