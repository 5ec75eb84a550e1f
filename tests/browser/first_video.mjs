// What a new user sees first: a demo video, from the dashboard.

import { check, KEYS, ORIGIN, scenario, until } from "./lib/stage.mjs";
import { open, signIn, stands } from "./lib/steps.mjs";

const USER = "me";

await scenario(async ({ page }) => {
  await open(page);
  await signIn(page, KEYS.admin);
  const id = await order();
  await open(page, `#/job/${USER}/${id}`);
  await stands(page, "Completed");
  const video = page.getByLabel("The rendered video");
  await video.evaluate((player) => player.play());
  await until("the video plays", () => video.evaluate((player) => player.currentTime > 0.3 && player.videoWidth > 0));
  await page.locator("table.deliveries tr[data-state=delivered]").waitFor();
});

/** Orders a demo video as an app's server does; returns its id. */
async function order() {
  const response = await fetch(`${ORIGIN}/api/generations`, {
    method: "POST",
    headers: { Authorization: `Bearer ${KEYS.service}`, "Content-Type": "application/json", "X-User-Id": USER },
    body: JSON.stringify({ model: "demo", prompt: "A paper boat on a calm lake at dawn", duration: 4 }),
  });
  const answer = await response.json();
  check(response.status === 201, `the order was answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer.generationId;
}
