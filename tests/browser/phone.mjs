// On a phone nothing is wider than the screen, and no touch target is smaller than 24 px.

import { check, KEYS, scenario } from "./lib/stage.mjs";
import { open, rows, signIn, stands } from "./lib/steps.mjs";
import { done, inbox, order } from "./lib/world.mjs";

const LEAST = 24;

await scenario(
  async ({ page }) => {
    await inbox("status:410");
    const id = await order("phone", `A long prompt ${"of many words ".repeat(20)}`);
    await done("phone", id);
    await inbox("ok");
    await open(page);
    await fits(page, "sign-in");
    await signIn(page, KEYS.admin);
    await rows(page).first().waitFor();
    await page.locator(".banner[data-kind=webhooks]").waitFor();
    await fits(page, "overview");
    await page.getByText("Activity").click();
    await page.locator(".plot canvas").first().waitFor();
    await fits(page, "overview with plots");
    await page.getByRole("button", { name: "New generation" }).click();
    await page.getByLabel("Aspect ratio").waitFor();
    await fits(page, "order");
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("link", { name: "Deliveries" }).click();
    await page.locator("tr[data-state]").first().waitFor();
    await fits(page, "deliveries");
    await page.getByRole("link", { name: "Controls" }).click();
    await page.locator(".switches li").nth(2).waitFor();
    await fits(page, "controls");
    await page.getByRole("link", { name: "Setup" }).click();
    await page.locator(".checks li").first().waitFor();
    await page.getByRole("button", { name: "Render the demo", disabled: false }).waitFor();
    await fits(page, "setup");
    await open(page, `#/job/phone/${id}`);
    await stands(page, "Completed");
    await page.locator("tr[data-state]").first().waitFor();
    await fits(page, "job");
  },
  { context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
);

async function fits(page, view) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= 390, `${view} is ${wide} px wide`);
  const small = await page.locator("a, button, input, select, textarea, summary").evaluateAll(
    (all, least) =>
      all
        .map((element) => ({ element, box: element.getBoundingClientRect() }))
        .filter(({ element, box }) => box.width > 0 && element.checkVisibility() && !element.classList.contains("skip"))
        .filter(({ box }) => Math.min(box.width, box.height) < least)
        .map(({ element, box }) => `${element.outerHTML.slice(0, 80)} ${box.width}×${box.height}`),
    LEAST,
  );
  check(small.length === 0, `${view} has targets under ${LEAST} px:\n${small.join("\n")}`);
}
