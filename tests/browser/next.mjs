// The app of docs/quickstart.md: every visitor has their own videos, and the page follows each one.

import { APP, check, KEYS, ORIGIN, scenario, until } from "./lib/stage.mjs";

const SERVICE = { Authorization: `Bearer ${KEYS.service}` };
// create-next-app makes no icon, and another visitor's video is an error in Next.js.
const EXPECTED = [/status of (404|500)/, /Server Components render|Minified React error/, /^page: $/];

await scenario(
  async ({ page, fresh }) => {
    await page.goto(`${APP}/`);
    const ids = [await idOf(page)];
    await page.reload();
    ids.push(await idOf(page));
    const other = await fresh();
    await other.goto(`${APP}/`);
    ids.push(await idOf(other));
    check(new Set(ids).size === 3, `each load has its own id: ${ids}`);

    const kite = await order(page, "A red kite [[render:6000]]");
    await mark(page);
    await page.getByText(/^(queued|processing), \d+ %/).waitFor();
    await plays(page);
    check(await page.evaluate(() => globalThis.marked), "the page followed the video without a reload");

    await page.goBack();
    const boat = await order(page, "A paper boat");
    check(boat !== kite, "another order creates another video");
    await plays(page);

    await page.goto(`${APP}/`);
    await idOf(page);
    await page.getByLabel("Prompt").fill("A form that is sent twice");
    await page.locator("form").evaluate((form) => [form.requestSubmit(), form.requestSubmit()]);
    await plays(page);
    const user = await visitor(page);
    await until("three videos are listed", async () => (await listed(user)).length >= 3);
    check((await listed(user)).length === 3, "a form that is sent twice creates one video");

    await order(other, "A blue kite");
    await plays(other);
    check((await visitor(other)) !== user, "each visitor is another user");
    check((await listed(await visitor(other))).length === 1, "the other visitor has one video");
    const refused = await (await other.goto(`${APP}/videos/${kite}`)).text();
    check(
      !refused.includes("/video?") && (await other.locator("video:visible").count()) === 0,
      "a visitor does not see another's video",
    );

    await page.goto(`${APP}/`);
    const filtered = await order(page, "A kite nobody may see [[result:rai]]");
    await page.getByText(/filter|safety|prompt/i).waitFor();
    for (const id of [kite, boat, filtered])
      await until(`the app received the webhook of ${id}`, async () =>
        (await deliveries(user, id)).includes('"delivered"'),
      );

    await page.goto(`${APP}/watched`);
    const count = async () => Number(await page.locator("output").textContent());
    const before = await count();
    const body = JSON.stringify({ prompt: "A third kite", userId: "watched" });
    const headers = { ...SERVICE, "Content-Type": "application/json" };
    check(
      (await fetch(`${ORIGIN}/api/generations`, { method: "POST", headers, body })).status === 201,
      "the order is accepted",
    );
    await until("a page sees the change", async () => {
      await page.reload();
      return (await count()) === before + 1;
    });
    await page.goto(`${APP}/still`);
    await page.getByText("Still").waitFor();
    console.log(`${APP} in Next.js ${await page.evaluate(() => globalThis.next.version)}`);
  },
  { expected: EXPECTED },
);

/** The id that a page's form sends. */
async function idOf(page) {
  await page.locator("input[name=id]:not([value=''])").waitFor({ state: "attached" });
  return page.locator("input[name=id]").inputValue();
}

/** Sends a prompt; returns the id of the video's page. */
async function order(page, prompt) {
  await page.getByLabel("Prompt").fill(prompt);
  const left = page.url();
  await page.getByRole("button", { name: "Make a video" }).click();
  await page.waitForURL((url) => url.href !== left && url.pathname.startsWith("/videos/"));
  return new URL(page.url()).pathname.split("/").at(-1);
}

function mark(page) {
  return page.evaluate(() => {
    globalThis.marked = true;
  });
}

/** Waits until the page's video plays. */
async function plays(page) {
  // With Cache Components, the previous page stays in the document, hidden.
  const video = page.locator("video:visible");
  await video.waitFor();
  await until("the video plays", () => video.evaluate((player) => player.play().then(() => player.videoWidth > 0)));
}

async function visitor(page) {
  const cookies = await page.context().cookies();
  return cookies.find(({ name }) => name === "visitor").value;
}

async function listed(user) {
  const answer = await fetch(`${ORIGIN}/api/generations?userId=${user}`, { headers: SERVICE });
  return (await answer.json()).data;
}

async function deliveries(user, id) {
  return (await fetch(`${ORIGIN}/api/generations/${id}/deliveries?userId=${user}`, { headers: SERVICE })).text();
}
