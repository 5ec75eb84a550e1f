// What makes the page move by itself: tasks that are repeated while the tab is seen and the worker answers.
//
// When it does not answer, all tasks rest and one question is repeated, ever more slowly. The first answer wakes them.

import { NoAnswer } from "./api.js";

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 15_000;
/** How long a task that was answered with a problem rests. */
const AFTER_TROUBLE_MS = 10_000;

/** @typedef {{since: number, retryAt: number, why: string}|undefined} Silence since when nothing was heard, and when it is asked again (ms) */

export class Pulse {
  #probe;
  #onSilence;
  #tasks = new Set();
  #silence;
  #wait = FIRST_RETRY_MS;
  #retry;
  #seen = () => this.#visibility();
  #stopped = false;

  /** @param {() => Promise<void>} probe asks whether the worker answers @param {(silence: Silence) => void} onSilence */
  constructor(probe, onSilence) {
    this.#probe = probe;
    this.#onSilence = onSilence;
    document.addEventListener("visibilitychange", this.#seen);
  }

  /**
   * Repeats `run` every `everyMs()` milliseconds, from now on.
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

  /** Says that a question got no answer. @param {NoAnswer} error */
  silent(error) {
    if (this.#stopped) return;
    for (const task of this.#tasks) clearTimeout(task.timer);
    if (this.#silence) return;
    this.#silence = { since: Date.now(), retryAt: 0, why: error.why };
    this.#wait = FIRST_RETRY_MS;
    this.#askLater();
  }

  /** Ends everything. */
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
