// The worker dies and comes back: the old view stays, greyed, shows since when, and recovers
// without a reload.

import { check, KEYS, scenario } from "./lib/stage.mjs";
import { isMarked, mark, open, rows, signIn } from "./lib/steps.mjs";
import { ask, order } from "./lib/world.mjs";

await scenario(
  async ({ page }) => {
    await order("survivor", "Seen before it died");
    await open(page);
    await signIn(page, KEYS.admin);
    await mark(page);
    await rows(page).getByText("Seen before it died").first().waitFor();
    await ask("kill");
    await page
      .getByText(/^The worker has not responded since \d\d:\d\d:\d\d\./)
      .first()
      .waitFor();
    await page.getByText(/Retrying in \d+ s\./).waitFor();
    check(await page.locator("body.stale").count(), "the view is greyed");
    check(await rows(page).getByText("Seen before it died").first().isVisible(), "the old view is still there");
    await ask("restart");
    await page.locator("body:not(.stale)").waitFor();
    await order("survivor", "Ordered after it came back");
    await rows(page).getByText("Ordered after it came back").waitFor();
    check(await isMarked(page), "the page was not reloaded");
  },
  { expected: [/net::ERR_/, /status of 5\d\d/] },
);
