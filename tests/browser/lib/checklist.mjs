// The checklist as the page shows it.

import { check } from "./stage.mjs";

/** Waits until a check has this state and its text matches. */
export async function line(page, name, state, text) {
  const item = page
    .locator(`.checks li[data-state=${state}]`)
    .filter({ has: page.locator("strong", { hasText: only(name) }) });
  await item.filter({ hasText: text ?? "" }).waitFor();
  const word = { ok: "OK", failed: "Failed", unknown: "Unknown" }[state];
  check((await item.locator(".status").textContent()) === word, `${name} says ${word}`);
  return item;
}

/** Checks again, and waits for the result. */
export async function checkAgain(page) {
  const button = page.getByRole("button", { name: "Check again" });
  await button.click();
  await button.and(page.locator(":not([aria-busy])")).waitFor();
}

/** The names of the checks in this state. */
export const named = (page, state) => page.locator(`.checks li[data-state=${state}] strong`).allTextContents();

function only(name) {
  return new RegExp(`^${name}$`);
}
