// Small elements that several components share.

import { NoAnswer, Trouble } from "./api.js";
import { fill, h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./words.js";

/**
 * A word with its shape and colour, such as a status.
 * @param {Record<string, {icon: string, tone: string, name: string}>} table
 */
export function chip(table) {
  const element = h("span", { className: "status" });
  let shown;
  return {
    element,
    update(word) {
      if (word === shown) return;
      shown = word;
      const known = table[word] ?? { icon: "ring", tone: "", name: plain(word) };
      element.className = `status ${known.tone}`;
      fill(element, icon(known.icon), known.name);
    },
  };
}

/** A place for an error's sentence and its request id, if there is one; hidden without an error. */
export function errorNote() {
  const element = h("p", { className: "note", hidden: true, attributes: { role: "alert" } });
  return {
    element,
    show(error) {
      element.hidden = error === undefined;
      if (error === undefined) return fill(element);
      const request = error instanceof Trouble && error.requestId ? h("small", {}, `Request ${error.requestId}`) : null;
      return fill(element, sentence(error), request);
    },
  };
}

/** An error as a sentence. */
export function sentence(error) {
  if (error instanceof NoAnswer) return `${error.message} The request may have succeeded: check before a retry.`;
  return error instanceof Error ? error.message : String(error);
}

/**
 * A button that runs an action, one at a time, and shows its error.
 * @param {string} label
 * @param {() => Promise<void>} act
 * @param {{className?: string, note: {show: (error?: unknown) => any}, title?: string}} options
 */
export function actionButton(label, act, { className = "", note, title }) {
  const button = h("button", { type: "button", className, title }, label);
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    note.show(undefined);
    try {
      await act();
    } catch (error) {
      note.show(error);
    }
    button.removeAttribute("aria-busy");
  });
  return button;
}

/**
 * A button that copies a text.
 * @param {() => string} text
 * @param {Node} [more] what screen readers say after the label
 */
export function copyButton(label, text, more) {
  const words = h("span", {}, label);
  const click = async () => {
    try {
      await navigator.clipboard.writeText(text());
      words.textContent = "Copied";
    } catch {
      words.textContent = "Copying failed";
    }
  };
  return h("button", { type: "button", className: "bare", on: { click } }, words, more);
}

/** A definition list that is updated in place. Rows without a value are hidden. */
export function facts() {
  const element = h("dl", { className: "facts" });
  const known = new Map();
  return {
    element,
    /** @param {[string, string|number|undefined|null][]} rows */
    update(rows) {
      for (const [term, value] of rows) {
        if (!known.has(term)) {
          const row = { term: h("dt", {}, term), value: h("dd") };
          known.set(term, row);
          element.append(row.term, row.value);
        }
        const row = known.get(term);
        const empty = value === undefined || value === null || value === "";
        row.term.hidden = empty;
        row.value.hidden = empty;
        setText(row.value, empty ? "" : value);
      }
    },
  };
}

/** A choice of few values, as a group of buttons. @param {string} label @param {[string, string][]} choices */
export function segments(label, choices, chosen, onChoose) {
  const buttons = choices.map(([value, text]) =>
    h("button", { type: "button", data: { value }, on: { click: () => choose(value, true) } }, text),
  );
  const element = h("div", { className: "segments", attributes: { role: "group", "aria-label": label } }, ...buttons);
  const choose = (value, told) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === value));
    if (told) onChoose(value);
  };
  choose(chosen, false);
  return { element, choose: (value) => choose(value, false) };
}

/** A `select` with a label for screen readers. @param {[string, string][]} choices */
export function select(label, choices, value, onChange) {
  const options = choices.map(([own, text]) => h("option", { value: own }, text));
  const element = h(
    "select",
    { attributes: { "aria-label": label }, on: { change: () => onChange(element.value) } },
    options,
  );
  element.value = value;
  return element;
}
