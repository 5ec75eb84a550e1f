// The stored video. Its signed address expires, so a player that fails gets the newest address,
// once for each address.

import { fill, h } from "./dom.js";
import { clock } from "./format.js";
import { hasEnded } from "./words.js";

export function videoPanel() {
  const element = h("div");
  let player;
  let fresh;
  let said;
  const instead = (text) => {
    if (said === text) return;
    said = text;
    player = undefined;
    fill(element, h("p", { className: "no-video" }, text));
  };
  const renew = () => {
    if (!player || player.dataset.source === fresh) return;
    player.dataset.source = fresh;
    player.src = fresh;
  };
  return {
    element,
    update({ result, status }) {
      if (!result?.videoUrl) return instead(absent(result, status));
      fresh = ownAddress(result.videoUrl);
      if (player) return undefined;
      said = undefined;
      player = h("video", {
        controls: true,
        preload: "metadata",
        playsInline: true,
        attributes: { "aria-label": "The rendered video" },
        on: { error: renew },
      });
      renew();
      return fill(element, player);
    },
    /** Closes the connection that a partly loaded video holds. */
    stop() {
      player?.removeAttribute("src");
      player?.load();
    },
  };
}

/** The address on this page's origin. The signature covers the path, not the host. */
function ownAddress(address) {
  const { pathname, search } = new URL(address, location.href);
  return pathname + search;
}

function absent(result, status) {
  if (result?.videoDeletedAt) return `The video was deleted at ${clock(result.videoDeletedAt)}.`;
  return hasEnded(status) ? "There is no video." : "The video is not ready yet.";
}
