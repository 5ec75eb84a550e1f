// @ts-check
// Timers that do not wait: each fires immediately or never, and its delay is recorded.

import { afterEach, beforeEach } from "mocha";

/** The default timeout of one attempt. */
export const ATTEMPT_MS = 30_000;
/** The longest silence of a stream of events. */
export const SILENCE_MS = 40_000;

/**
 * Replaces the platform's timers in each test of a suite. Those of `never` do not fire: the limits
 * of attempts and of silence, except in tests of these limits.
 */
export function useClock() {
  const clock = {
    /** @type {number[]} */
    never: [],
    /** @type {number[]} */
    delays: [],
    /** The delays without the limits. @returns {number[]} */
    pauses: () => clock.delays.filter((delay) => delay !== ATTEMPT_MS && delay !== SILENCE_MS),
    /** Resolves when a timer with this delay starts. @returns {Promise<void>} */
    waits: (delay) =>
      new Promise((resolve) => (clock.delays.includes(delay) ? resolve() : listeners.push({ delay, resolve }))),
  };
  /** @type {{delay: number, resolve: () => void}[]} */
  let listeners = [];
  const { setTimeout, clearTimeout } = globalThis;
  beforeEach(() => {
    clock.never = [ATTEMPT_MS, SILENCE_MS];
    clock.delays = [];
    listeners = [];
    /** @type {any} */ (globalThis).setTimeout = (work, delay = 0, ...values) => {
      clock.delays.push(delay);
      for (const listener of listeners) if (listener.delay === delay) listener.resolve();
      return clock.never.includes(delay) ? 0 : setTimeout(work, 0, ...values);
    };
    /** @type {any} */ (globalThis).clearTimeout = (timer) => timer && clearTimeout(timer);
  });
  afterEach(() => {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  });
  return clock;
}
