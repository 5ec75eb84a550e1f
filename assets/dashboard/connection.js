// What is said while the worker gives no answer. The old picture stays, greyed.

import { h, setText } from "./dom.js";
import { clock } from "./format.js";
import { icon } from "./icons.js";

const SECOND = 1000;

/** @param {(text: string) => void} say */
export function connectionBanner(say) {
  const told = h("strong");
  const next = h("span", { attributes: { "aria-hidden": "true" } });
  const why = h("span");
  const element = h(
    "div",
    { className: "banner bad", hidden: true },
    icon("warning"),
    h("p", {}, told, " ", next, " ", why),
  );
  let timer;
  /** @param {import("./pulse.js").Silence} silence */
  const update = (silence) => {
    clearInterval(timer);
    const began = element.hidden;
    element.hidden = silence === undefined;
    document.body.classList.toggle("stale", silence !== undefined);
    if (silence === undefined) {
      if (!began) say("The worker answers again.");
      return;
    }
    setText(told, `No answer from the worker since ${clock(silence.since)}.`);
    setText(why, silence.why);
    if (began) say(told.textContent);
    const show = () => {
      const seconds = Math.ceil((silence.retryAt - Date.now()) / SECOND);
      setText(next, seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again now.");
    };
    show();
    timer = setInterval(show, SECOND);
  };
  return { element, update, stop: () => update(undefined) };
}
