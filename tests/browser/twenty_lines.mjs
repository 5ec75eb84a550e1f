// The app of deploy/nextjs.md: a form, and then the video that it ordered.

import { APP, check, scenario, until } from "./lib/stage.mjs";

// An app of create-next-app has no icon.
const EXPECTED = [/status of 404/];

await scenario(
  async ({ page }) => {
    await page.goto(`${APP}/`);
    await page.getByLabel("Prompt").fill("A kite over a hill");
    await page.getByRole("button", { name: "Make a video" }).click();
    await page.getByText(/^(queued|processing) …$/).waitFor();
    const video = page.locator("video:visible");
    await video.waitFor();
    await until("the video plays", () => video.evaluate((player) => player.play().then(() => player.videoWidth > 0)));
    check(new URL(page.url()).searchParams.has("id"), "the address names the video");
  },
  { expected: EXPECTED },
);
