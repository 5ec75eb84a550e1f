// A user's actions in the example app's chat.

import { APP, check, until } from "./stage.mjs";

/** Opens the chat and waits until its live events are connected. */
export async function openChat(page) {
  await page.goto(`${APP}/`);
  await page.evaluate(() => {
    globalThis.marked = true;
  });
  await connected(page);
}

/** Waits until the live events are connected. */
export const connected = (page) =>
  page.waitForFunction(() => document.querySelector("header [role=status]").textContent === "");

/** Fails if the page was reloaded since it was opened. */
export async function isTheSamePage(page) {
  check(await page.evaluate(() => globalThis.marked === true), "the page was not reloaded");
}

/** Sends a prompt; returns its entry in the chat. */
export async function say(page, prompt) {
  await page.getByLabel("What do you want to see?").fill(prompt);
  await page.getByRole("button", { name: "Make a video" }).click();
  const entry = entryOf(page, prompt);
  await entry.waitFor();
  return entry;
}

/** The entry of a prompt. */
export const entryOf = (page, prompt) =>
  page.locator(".entries > li").filter({ has: page.locator(".prompt", { hasText: prompt }) });

/** Waits until an entry has a status. */
export async function becomes(entry, status) {
  await entry.and(entry.page().locator(`[data-status=${status}]`)).waitFor();
}

/** Plays an entry's video for a moment. */
export async function plays(entry) {
  const video = entry.locator("video");
  await video.evaluate((player) => player.play());
  await until("the video plays", () => video.evaluate((player) => player.currentTime > 0.3 && player.videoWidth > 0));
  await video.evaluate((player) => player.pause());
}

/** The id that the app has given to a page's user. */
export async function userOf(page) {
  const cookies = await page.context().cookies();
  return cookies.find(({ name }) => name === "visitor").value;
}
