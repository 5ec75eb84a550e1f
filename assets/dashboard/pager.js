// Pages of a list: the first one is looked at again and again, a later one once, so that what is read does not move away.

import { NoAnswer } from "./api.js";
import { h, setText } from "./dom.js";
import { errorNote } from "./parts.js";

/** The longest a timer can wait. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * @typedef {{data: any[], first: boolean, more: boolean}} Page whether it is the first, and whether older ones follow
 * @param {import("./shell.js").App} app
 * @param {object} list
 * @param {(after: string|undefined) => Promise<{data: any[], hasMore: boolean, nextCursor?: string}>} list.ask
 * @param {(page: Page) => void} list.show
 * @param {() => number} list.everyMs how often the first page is asked for
 */
export function pager(app, { ask, show, everyMs }) {
  // The cursor of each page up to the present one; the first has none.
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
    // An answer to what was asked before the page was turned is not this page.
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
    /** What went wrong with the last look. */
    note: note.element,
    /** The buttons that turn the page. */
    element: h("div", { className: "actions" }, place, back, forth),
    /** Looks at the present page again. */
    now: () => task.now(),
    /** Begins anew, for another list. */
    restart: () => turn([undefined]),
    stop: () => task.stop(),
  };
}
