// Follows one generation's live events and resumes a broken stream after its last event.

import { NoAnswer, Trouble } from "./api.js";

const AGAIN_MS = [500, 1000, 2000, 5000, 10_000];
/** The worker sends something at least every 15 s. A longer silence means a dead connection. */
const SILENCE_MS = 40_000;
const ROUTE_MISSING = "route_not_found";

/**
 * @typedef {{step: string, at: string, detail?: string, attempt: number, status: string, phase: string, progress: number}} Step
 * @typedef {{status: string, phase: string, progress: number}} Progress
 * @param {import("./api.js").Api} api
 * @param {{onStep: (step: Step) => void, onProgress: (progress: Progress) => void, onEnd: () => void, onNone: () => void, onSilent: (error: NoAnswer) => void}} told
 * `onNone`: this worker has no such stream.
 */
export function follow(api, user, id, told) {
  let lastEventId = "";
  let stopped = false;
  let failures = 0;
  let abort;
  let timer;

  const open = async () => {
    clearTimeout(timer);
    if (stopped || document.hidden || abort) return;
    abort = new AbortController();
    let ended = false;
    try {
      const path = `/api/generations/${encodeURIComponent(id)}/events`;
      const response = await api.stream(path, { user, lastEventId, signal: abort.signal });
      ended = response.status === 204 || (await read(response.body, abort, heard));
    } catch (error) {
      ended = failed(error);
    }
    abort = undefined;
    if (stopped) return;
    if (ended) {
      told.onEnd();
      return;
    }
    timer = setTimeout(open, AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]);
    failures += 1;
  };
  const heard = ({ id: number, event, data }) => {
    failures = 0;
    if (stopped) return;
    if (number) lastEventId = number;
    if (event === "step") told.onStep(JSON.parse(data));
    else if (event === "progress") told.onProgress(JSON.parse(data));
  };
  /** Whether the generation cannot be followed any more. */
  const failed = (error) => {
    if (error instanceof NoAnswer) told.onSilent(error);
    if (!(error instanceof Trouble)) return false;
    if (error.code === ROUTE_MISSING) {
      stopped = true;
      told.onNone();
    }
    return error.status === 404 || error.status === 401;
  };
  const seen = () => {
    if (document.hidden) abort?.abort();
    else open();
  };
  document.addEventListener("visibilitychange", seen);
  open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    abort?.abort();
    document.removeEventListener("visibilitychange", seen);
  };
}

/** Reads a stream to its end; returns whether it contained the `end` event. */
async function read(body, abort, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let ended = false;
  for (;;) {
    const quiet = setTimeout(() => abort.abort(), SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(quiet));
    if (done) return ended;
    const { events, rest } = parse(text + value);
    text = rest;
    for (const event of events) {
      ended ||= event.event === "end";
      heard(event);
    }
  }
}

/**
 * Splits a stream's text into complete events and the incomplete rest. Comments are left out.
 * @param {string} text
 * @returns {{events: {id: string, event: string, data: string}[], rest: string}}
 */
export function parse(text) {
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = blocks.pop();
  const events = [];
  for (const block of blocks) {
    const fields = { id: "", event: "message", data: [] };
    for (const line of block.split("\n")) {
      const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (name === "data") fields.data.push(value);
      else if (name === "id" || name === "event") fields[name] = value;
    }
    if (fields.data.length > 0) events.push({ ...fields, data: fields.data.join("\n") });
  }
  return { events, rest };
}
