// A modal dialog. Esc closes it, and focus returns to where it was.

import { h, uniqueId } from "./dom.js";

/**
 * @param {string} title
 * @param {(close: () => void) => HTMLElement} content
 */
export function openDialog(title, content) {
  const id = uniqueId("dialog");
  const before = document.activeElement;
  const dialog = h("dialog", { attributes: { "aria-labelledby": id } });
  const close = () => dialog.close();
  dialog.append(h("div", {}, h("h2", { id }, title), content(close)));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks for confirmation of an action that cannot be undone; resolves to whether it was given.
 * @param {string} title @param {string} text @param {string} yes @param {string} no
 * @returns {Promise<boolean>}
 */
export function confirmed(title, text, yes, no) {
  return new Promise((resolve) => {
    const dialog = openDialog(title, (close) => {
      const agree = () => {
        dialog.returnValue = "yes";
        close();
      };
      return h(
        "div",
        {},
        h("p", {}, text),
        h(
          "div",
          { className: "actions" },
          h("button", { type: "button", autofocus: true, on: { click: close } }, no),
          h("button", { type: "button", className: "danger", on: { click: agree } }, yes),
        ),
      );
    });
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  });
}

/** Whether a dialog is open; it then gets the keys. */
export function isDialogOpen() {
  return document.querySelector("dialog[open]") !== null;
}
