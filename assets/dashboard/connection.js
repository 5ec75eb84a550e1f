// The banner that is shown while the worker does not respond. The last view stays, greyed.

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
      if (!began) say("The worker responds again.");
      return;
    }
    setText(told, `The worker has not responded since ${clock(silence.since)}.`);
    setText(why, silence.why);
    if (began) say(told.textContent);
    const show = () => {
      const seconds = Math.ceil((silence.retryAt - Date.now()) / SECOND);
      setText(next, seconds > 0 ? `Retrying in ${seconds} s.` : "Retrying now.");
    };
    show();
    timer = setInterval(show, SECOND);
  };
  return { element, update, stop: () => update(undefined) };
}
