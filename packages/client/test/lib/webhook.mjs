// @ts-check
// Webhooks as Reelay sends them, signed by the reference implementation of Standard Webhooks.

import { Webhook } from "standardwebhooks";

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const OTHER_SECRET = `whsec_${btoa("another secret of enough bytes!!")}`;
export const ID = "msg_1";
/** The current time in tests that fix it. */
export const NOW = new Date("2026-01-01T00:00:00.500Z");

const BASE = { generationId: "g1", jobId: "g1", userId: "u_1", metadata: {}, attempt: 1, sequence: 7 };
const COMPLETED = { status: "completed", progress: 100, result: { videoUrl: "https://signed", format: "mp4" } };
const FAILED = { status: "failed", progress: 0, error: "It was not rendered in time.", errorCode: "deadline_exceeded" };

/** The body of an event. */
export function bodyOf(event, more = {}) {
  const own = { "generation.completed": COMPLETED, "generation.failed": FAILED }[event];
  const timestamp = "2026-01-01T00:00:00.000Z";
  return JSON.stringify({ ...BASE, event, timestamp, status: "processing", progress: 5, ...own, ...more });
}

/** The reference implementation's signature. */
export function signature(body, { secret = SECRET, id = ID, at = NOW } = {}) {
  return new Webhook(secret).sign(id, at, body);
}

/** The headers of a webhook. @returns {Record<string, string>} */
export function headersOf(body, { secret = SECRET, id = ID, at = NOW } = {}) {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signature(body, { secret, id, at }),
  };
}

/** The request of a webhook that is sent now. */
export function requestOf(body, options = {}) {
  const headers = { "Content-Type": "application/json", ...headersOf(body, { at: new Date(), ...options }) };
  return new Request("https://app.test/api/webhooks/worker", { method: "POST", headers, body });
}
