// The demo: the button that orders its free video, and the mark of its generations.

import { h } from "./dom.js";
import { newId } from "./order.js";
import { actionButton } from "./parts.js";
import { jobRoute } from "./route.js";

/** The provider, its model, and the user of an operator who acts for nobody. */
const DEMO = "demo";

/** A mark for the generations of the demo; empty for others. */
export function demoMark() {
  const element = h("span", { className: "tag", dir: "ltr", hidden: true, title: "A free sample, not a real render" });
  return {
    element,
    /** @param {{provider: string}} generation */
    update({ provider }) {
      element.hidden = provider !== DEMO;
      element.textContent = element.hidden ? "" : DEMO;
    },
  };
}

/** The button that orders a video of the demo and opens its page. If the demo is off, how to turn it on. */
export function demoOrder(app, note) {
  const said = h("p", { className: "quiet" });
  const { actsFor, caller } = app.session;
  const user = actsFor ?? caller.userId ?? DEMO;
  const render = async () => {
    const body = { model: DEMO, prompt: "A free sample of the demo", generationId: newId() };
    const { generationId } = await app.api.post("/api/generations", { user, body });
    location.hash = jobRoute(user, generationId);
  };
  const button = actionButton("Render the demo", render, { note });
  button.disabled = true;
  const show = ({ data }) => {
    button.disabled = !data.providers.includes(DEMO);
    said.textContent = button.disabled
      ? 'The demo is off. Set DEMO to "true": in .dev.vars on your machine, or under vars in the wrangler configuration, then deploy.'
      : `A free video in a few seconds, for the user ${user}.`;
  };
  app.api.get("/api/models").then(show, note.show);
  return h("section", { className: "panel choices", attributes: { "aria-label": "Demo" } }, button, said);
}
