// An empty queue says so and offers to order; 10,000 generations are paged, searched and filtered.

import { check, KEYS, scenario, until } from "./lib/stage.mjs";
import { open, rows, signIn } from "./lib/steps.mjs";
import { ask } from "./lib/world.mjs";

const PAGE = 25;
/** More pages than a search of all generations takes. */
const MAX_PAGES = 20;

await scenario(
  async ({ page }) => {
    await open(page);
    await signIn(page, KEYS.admin);
    await page.getByText("There are no generations yet.").waitFor();
    await page.getByRole("region", { name: "Generations" }).getByRole("button", { name: "New generation" }).waitFor();
    await page.getByText("0 accepted, 0 completed, 0 failed.").waitFor();

    await ask("fill");
    await until("the first page", async () => (await rows(page).count()) === PAGE);
    check((await promptAt(page, 0)) === "Number 9999 of many", "the newest comes first");
    for (const first of ["9974", "9949", "9924"]) {
      await page.getByRole("button", { name: "Older" }).click();
      await rows(page).first().getByText(`Number ${first} of many`).waitFor();
    }
    await page.getByText("Page 4").waitFor();
    check((await rows(page).count()) === PAGE, "one page at a time");
    await page.getByRole("button", { name: "Newer" }).click();
    await rows(page).first().getByText("Number 9949 of many").waitFor();

    await page.getByLabel("Search prompt or id").fill("number 9217 OF");
    await foundAlone(page, "Number 9217 of many");
    await looksFurtherBack(page);
    await page.getByLabel("Search prompt or id").fill("");
    await page.getByLabel("Status").selectOption("failed");
    await until("only failed ones", async () => {
      const shown = await rows(page).locator(".status").allTextContents();
      return shown.length === PAGE && shown.every((text) => text === "Failed");
    });
    await page.getByLabel("User").fill("user-3");
    await until("only one user's", async () => {
      const users = await rows(page).locator(".user").allTextContents();
      return users.length === PAGE && users.every((text) => text === "user-3");
    });
    check(page.url().endsWith("#/?status=failed&user=user-3&window=1h"), `the address has the filters: ${page.url()}`);
    await page.reload();
    await until(
      "the address restores the filters",
      async () =>
        (await rows(page).locator(".user").allTextContents()).every((text) => text === "user-3") &&
        (await rows(page).count()) === PAGE,
    );
  },
  { expected: [/net::ERR_/, /status of 5\d\d/] },
);

/** The oldest generation is further back than one page's search reaches. */
async function looksFurtherBack(page) {
  await page.getByLabel("Search prompt or id").fill("number 0 OF");
  const older = page.getByRole("button", { name: "Older" });
  let pages = 1;
  for (; pages <= MAX_PAGES; pages += 1) {
    if (pages > 1) await page.getByText(`Page ${pages}`, { exact: true }).waitFor();
    const more = page.getByText("No matches on this page. Older generations follow.").filter({ visible: true });
    await more.or(rows(page).getByText("Number 0 of many", { exact: true })).waitFor();
    if (!(await more.isVisible())) break;
    await older.click();
  }
  check(pages > 1, "the first page did not have it");
  await foundAlone(page, "Number 0 of many");
}

function foundAlone(page, prompt) {
  return until(
    `${prompt} is found`,
    async () => (await rows(page).count()) === 1 && (await promptAt(page, 0)) === prompt,
  );
}

function promptAt(page, index) {
  return rows(page).nth(index).locator(".prompt").textContent();
}
