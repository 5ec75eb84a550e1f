// The dialog that lists the keyboard shortcuts.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";

const KEYS = [
  ["/", "Search the list"],
  ["n", "New generation"],
  ["j, k or arrows", "Next or previous generation in the list"],
  ["Enter", "Open the generation"],
  ["Esc", "Close a dialog, or go back to the list"],
  ["?", "This help"],
];

export function openHelp() {
  openDialog("Keys", (close) =>
    h(
      "div",
      {},
      h(
        "dl",
        { className: "keys" },
        KEYS.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]),
      ),
      h("div", { className: "actions" }, h("button", { type: "button", on: { click: close } }, "Close")),
    ),
  );
}
