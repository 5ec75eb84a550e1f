// The keyboard alone suffices to sign in, order, find and cancel.

import { check, KEYS, scenario, until } from "./lib/stage.mjs";
import { open, rows, stands } from "./lib/steps.mjs";

const MAX_TABS = 60;

await scenario(async ({ page }) => {
  await open(page);
  await page.getByLabel("Token or key").waitFor();
  check(await isFocused(page, "token"), "the first field has the focus");
  await page.keyboard.type(KEYS.admin);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Sign out" }).waitFor();

  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });

  await page.keyboard.press("n");
  await until("the prompt has the focus", () => page.evaluate(() => document.activeElement.tagName === "TEXTAREA"));
  await page.keyboard.type("Ordered by hand [[render:60000]]");
  await tabTo(page, "For user");
  await page.keyboard.type("typist");
  await page.keyboard.press("Enter");
  await stands(page, "Processing");

  await tabTo(page, "Cancel");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Cancel this generation?" }).waitFor();
  await tabTo(page, "Cancel the generation");
  await page.keyboard.press("Enter");
  await stands(page, "Cancelled");

  await page.keyboard.press("Escape");
  await rows(page).getByText("Ordered by hand").first().waitFor();
  const opened = () => page.evaluate(() => document.activeElement.closest("li")?.textContent ?? "");
  await until("the row has the focus again", async () => (await opened()).includes("Ordered by hand"));
  await page.keyboard.press("/");
  await page.keyboard.type("by hand");
  await until("the list is searched", async () => page.url().includes("search=by+hand"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await until("a row has the focus", async () => (await opened()).includes("Ordered by hand"));
  await page.keyboard.press("Enter");
  await stands(page, "Cancelled");
});

/** Presses Tab until the element with this name has the focus. */
async function tabTo(page, name) {
  for (let tabs = 0; tabs < MAX_TABS; tabs += 1) {
    const focused = await page.evaluate(() => {
      const { activeElement: own } = document;
      return (own.labels?.[0] ?? own).textContent.trim();
    });
    if (focused === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${MAX_TABS} presses of Tab did not lead to ${name}`);
}

function isFocused(page, id) {
  return page.evaluate((wanted) => document.activeElement.id === wanted, id);
}
