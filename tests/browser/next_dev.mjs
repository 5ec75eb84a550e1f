// The app of docs/quickstart.md on Next.js's development server, which reports what a build does not.

import { APP, check, scenario } from "./lib/stage.mjs";

// create-next-app makes no icon.
const EXPECTED = [/status of 404/];

await scenario(
  async ({ page }) => {
    // A route that is compiled before a page once made that page fail.
    const webhook = await fetch(`${APP}/api/webhooks/worker`, { method: "POST", body: "{}" });
    check(webhook.status === 400 || webhook.status === 401, `the webhook was answered with ${webhook.status}`);
    await page.goto(`${APP}/`);
    await page.locator("input[name=id]:not([value=''])").waitFor({ state: "attached" });
    await page.getByLabel("Prompt").fill("A red kite [[render:6000]]");
    await page.getByRole("button", { name: "Make a video" }).click();
    await page.waitForURL((url) => url.pathname.startsWith("/videos/"));
    await page.getByText(/^(queued|processing), \d+ %/).waitFor();
    await page.locator("video:visible").waitFor();
    // A load of the page itself is checked more strictly than a navigation to it.
    await page.reload();
    await page.locator("video:visible").waitFor();
    const issues = await page
      .locator("nextjs-portal")
      .evaluateAll((portals) =>
        portals.map(
          (portal) => portal.shadowRoot?.querySelector("[data-issues-open], [data-nextjs-toast-errors]")?.textContent,
        ),
      );
    check(
      issues.every((text) => !text),
      `Next.js shows issues: ${issues}`,
    );
  },
  { expected: EXPECTED },
);
