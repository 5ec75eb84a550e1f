// The pages of a list. The first page refreshes; a later one loads once, so that it does not move
// while someone reads it.

import { NoAnswer } from "./api.js";
import { h, setText } from "./dom.js";
import { errorNote } from "./parts.js";

/** The longest delay of `setTimeout`. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * @typedef {{data: any[], first: boolean, more: boolean}} Page `first`: it is the first page; `more`: older ones follow
 * @param {import("./shell.js").App} app
 * @param {object} list
 * @param {(after: string|undefined) => Promise<{data: any[], hasMore: boolean, nextCursor?: string}>} list.ask
 * @param {(page: Page) => void} list.show
 * @param {() => number} list.everyMs the interval at which the first page refreshes
 */
export function pager(app, { ask, show, everyMs }) {
  // The cursor of each page up to the current one; the first page has none.
  let cursors = [undefined];
  let next;
  let turned = 0;
  const note = errorNote();
  const place = h("span", { className: "quiet", attributes: { "aria-live": "polite" } });
  const newer = () => turn(cursors.length > 1 ? cursors.slice(0, -1) : cursors);
  const older = () => next !== undefined && turn([...cursors, next]);
  const back = h("button", { type: "button", disabled: true, on: { click: newer } }, "Newer");
  const forth = h("button", { type: "button", disabled: true, on: { click: older } }, "Older");
  const turn = (to) => {
    cursors = to;
    next = undefined;
    turned += 1;
    task.now();
  };
  const load = async () => {
    // A response to a request from before the page changed is not this page.
    const asked = turned;
    try {
      const { data, hasMore, nextCursor } = await ask(cursors.at(-1));
      if (asked !== turned) return;
      note.show(undefined);
      next = hasMore ? nextCursor : undefined;
      const [first, more] = [cursors.length === 1, next !== undefined];
      [back.disabled, forth.disabled] = [first, !more];
      setText(place, first && !more ? "" : `Page ${cursors.length}`);
      show({ data, first, more });
    } catch (error) {
      if (asked === turned && !(error instanceof NoAnswer)) note.show(error);
      throw error;
    }
  };
  const task = app.pulse.every(load, () => (cursors.length === 1 ? everyMs() : NEVER_MS));
  return {
    /** The error of the last request. */
    note: note.element,
    /** The buttons that turn the page. */
    element: h("div", { className: "actions" }, place, back, forth),
    /** Loads the current page again. */
    now: () => task.now(),
    /** Starts at the first page, for another list. */
    restart: () => turn([undefined]),
    stop: () => task.stop(),
  };
}
