// axe-core finds nothing on any view, light or dark.

import { examine } from "./lib/axe.mjs";
import { KEYS, scenario } from "./lib/stage.mjs";
import { open, rows, signIn, stands } from "./lib/steps.mjs";
import { done, inbox, order } from "./lib/world.mjs";

await scenario(async ({ fresh }) => {
  await inbox("status:410");
  const id = await order("axe", "A kite over a hill");
  await done("axe", id);
  await inbox("ok");
  for (const colorScheme of ["light", "dark"]) {
    const page = await fresh({ colorScheme });
    await page.goto("about:blank");
    await open(page);
    await examine(page, "sign-in", colorScheme);
    await signIn(page, KEYS.admin);
    await rows(page).first().waitFor();
    await page.locator(".banner[data-kind=webhooks]").waitFor();
    await page.locator(".plot canvas").first().waitFor();
    await examine(page, "overview", colorScheme);
    await page.keyboard.press("n");
    await page.getByLabel("Aspect ratio").waitFor();
    await examine(page, "order", colorScheme);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await examine(page, "help", colorScheme);
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Deliveries" }).click();
    await page.locator("tr[data-state]").first().waitFor();
    await examine(page, "deliveries", colorScheme);
    await page.getByRole("link", { name: "Controls" }).click();
    await page.locator(".switches li").nth(2).waitFor();
    await page.getByLabel("Jobs at once", { exact: true }).waitFor();
    await examine(page, "controls", colorScheme);
    await page.getByRole("link", { name: "Setup" }).click();
    await page.locator(".checks li[data-state=failed]").first().waitFor();
    await examine(page, "setup", colorScheme);
    await open(page, `#/job/axe/${id}`);
    await stands(page, "Completed");
    await page.locator("tr[data-state]").first().waitFor();
    await examine(page, "job", colorScheme);
  }
});
