// What the keys do.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";

const KEYS = [
  ["/", "Search the list"],
  ["n", "New generation"],
  ["j, k or arrows", "Next and previous in the list"],
  ["Enter", "Open"],
  ["Esc", "Close a dialog; from a generation back to the list"],
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
