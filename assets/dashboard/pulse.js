// Repeats tasks while the tab is visible and the worker responds.
//
// When the worker does not respond, all tasks stop and one probe repeats at growing intervals. Its
// first response starts them again.

import { NoAnswer } from "./api.js";

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 15_000;
/** The least delay after the worker reported a problem. */
const AFTER_TROUBLE_MS = 10_000;

/** @typedef {{since: number, retryAt: number, why: string}|undefined} Silence when it began and when the next probe is due (ms) */

export class Pulse {
  #probe;
  #onSilence;
  #tasks = new Set();
  #silence;
  #wait = FIRST_RETRY_MS;
  #retry;
  #seen = () => this.#visibility();
  #stopped = false;

  /** @param {() => Promise<void>} probe tests whether the worker responds @param {(silence: Silence) => void} onSilence */
  constructor(probe, onSilence) {
    this.#probe = probe;
    this.#onSilence = onSilence;
    document.addEventListener("visibilitychange", this.#seen);
  }

  /**
   * Runs `run` now and then every `everyMs()` milliseconds.
   * @param {() => Promise<void>} run
   * @param {() => number} everyMs
   */
  every(run, everyMs) {
    const task = { timer: 0, again: false, busy: false };
    const go = async () => {
      clearTimeout(task.timer);
      if (task.busy) {
        task.again = true;
        return;
      }
      if (task.ended || this.#resting()) return;
      task.busy = true;
      let wait = everyMs();
      try {
        await run();
      } catch (error) {
        if (error instanceof NoAnswer) this.silent(error);
        else wait = Math.max(wait, AFTER_TROUBLE_MS);
      }
      task.busy = false;
      if (task.ended || this.#resting()) return;
      task.timer = setTimeout(go, task.again ? 0 : wait);
      task.again = false;
    };
    task.go = go;
    this.#tasks.add(task);
    go();
    const stop = () => {
      task.ended = true;
      clearTimeout(task.timer);
      this.#tasks.delete(task);
    };
    return { stop, now: go };
  }

  /** Reports a request that got no response. @param {NoAnswer} error */
  silent(error) {
    if (this.#stopped) return;
    for (const task of this.#tasks) clearTimeout(task.timer);
    if (this.#silence) return;
    this.#silence = { since: Date.now(), retryAt: 0, why: error.why };
    this.#wait = FIRST_RETRY_MS;
    this.#askLater();
  }

  /** Stops all tasks and the probe. */
  stop() {
    this.#stopped = true;
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#retry);
    for (const task of [...this.#tasks]) {
      task.ended = true;
      clearTimeout(task.timer);
    }
    this.#tasks.clear();
  }

  #resting() {
    return this.#stopped || this.#silence !== undefined || document.hidden;
  }

  #askLater() {
    this.#silence = { ...this.#silence, retryAt: Date.now() + this.#wait };
    this.#onSilence(this.#silence);
    this.#retry = setTimeout(() => this.#ask(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, MAX_RETRY_MS);
  }

  async #ask() {
    try {
      await this.#probe();
    } catch (error) {
      if (error instanceof NoAnswer && !this.#stopped) {
        this.#silence = { ...this.#silence, why: error.why };
        this.#askLater();
        return;
      }
    }
    if (this.#stopped) return;
    this.#silence = undefined;
    this.#onSilence(undefined);
    this.#wake();
  }

  #visibility() {
    if (!document.hidden) this.#wake();
    else for (const task of this.#tasks) clearTimeout(task.timer);
  }

  #wake() {
    for (const task of this.#tasks) task.go();
  }
}
