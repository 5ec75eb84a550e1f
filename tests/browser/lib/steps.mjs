// A user's actions on the page, found by their accessible names.

import { ORIGIN } from "./stage.mjs";

/** Opens the page. */
export const open = (page, hash = "") => page.goto(`${ORIGIN}/dashboard${hash}`);

/** Signs in with a token or key. */
export async function signIn(page, token, actsFor = "") {
  await page.getByLabel("Token or key").fill(token);
  await page.getByLabel("Acts for user").fill(actsFor);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** Orders a generation by the dialog; the page then shows it. */
export async function orderBy(page, prompt, user) {
  await page.getByRole("button", { name: "New generation" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New generation" });
  await dialog.getByLabel("Prompt").fill(prompt);
  if (user) await dialog.getByLabel("For user").fill(user);
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("heading", { level: 1, name: /^d-/ }).waitFor();
}

/** The head of the generation on the page. */
export const summary = (page) => page.getByRole("region", { name: "Summary" });

/** Waits until the generation on the page has this status. */
export const stands = (page, name) => summary(page).getByText(name, { exact: true }).waitFor();

/** The rows of the list. */
export const rows = (page) => page.getByRole("list", { name: "Generations" }).getByRole("listitem");

/** Marks the document, so that a reload is detected. */
export const mark = (page) =>
  page.evaluate(() => {
    globalThis.marked = true;
  });

/** Whether the document is still the marked one. */
export const isMarked = (page) => page.evaluate(() => globalThis.marked === true);
