// While settings are wrong, every page of the dashboard lists them; once they are right, the
// sign-in or the page that was open comes back.

import { examine } from "./lib/axe.mjs";
import { checkAgain, line, named } from "./lib/checklist.mjs";
import { watchSecrets } from "./lib/secrets.mjs";
import { check, KEYS, ORIGIN, scenario } from "./lib/stage.mjs";
import { open, signIn } from "./lib/steps.mjs";
import { ask } from "./lib/world.mjs";

const VALUES = JSON.parse(process.env.REELAY_WRONG);
const PUT = "npx wrangler secret put";

await scenario(
  async ({ page, fresh }) => {
    const noSecret = watchSecrets(page);
    await page.goto(`${ORIGIN}/`);
    check(page.url() === `${ORIGIN}/dashboard`, `it leads to ${page.url()}`);
    await heading(page);
    check((await page.getByLabel("Token or key").count()) === 0, "no sign-in is offered");
    await fixes(page, "JWT_SECRET", "Must be at least 32 bytes long.", `${PUT} JWT_SECRET`);
    await fixes(page, "WEBHOOK_SECRET", "whsec_", `${PUT} WEBHOOK_SECRET`);
    await fixes(page, "API_KEY", "Must be at least 16 characters long.", `${PUT} API_KEY`);
    await fixes(page, "ADMIN_KEY", "Must be at least 16 characters long.", `${PUT} ADMIN_KEY`);
    await fixes(page, "NEXTJS_URL", "Must be the https address of the app");
    await fixes(page, "POLL_INTERVAL_MS", "Must be a whole number from");
    await page.getByText("6 settings are wrong.").waitFor();
    const shown = await page.content();
    const found = VALUES.find((value) => shown.includes(value));
    check(found === undefined, `the page shows a value: ${found}`);
    for (const colorScheme of ["light", "dark"]) {
      const other = await fresh({ colorScheme });
      await open(other);
      await heading(other);
      await examine(other, "misconfigured", colorScheme);
      await other.close();
    }

    await checkAgain(page);
    check((await named(page, "failed")).length === VALUES.length, "it is still as it was");
    await ask("mend-most");
    await checkAgain(page);
    await fixes(page, "JWT_SECRET", "Must be set to a random secret of at least 32 bytes.", "npx reelay-secrets");
    check((await page.locator(".checks li").count()) === 1, "only what is wrong is listed");
    await page.getByText("1 setting is wrong.").waitFor();
    await ask("mend");
    await page.getByRole("button", { name: "Check again" }).click();
    await signIn(page, KEYS.admin);
    await page.getByRole("link", { name: "Deliveries" }).click();

    await ask("break");
    await heading(page);
    await fixes(page, "JWT_SECRET", "Must be at least 32 bytes long.");
    await ask("mend");
    await page.getByRole("button", { name: "Check again" }).click();
    await page.getByRole("heading", { level: 1, name: "Deliveries" }).waitFor();
    check(await page.getByRole("button", { name: "Sign out" }).isVisible(), "the operator is still signed in");
    await noSecret();
  },
  { expected: [/net::ERR_/, /status of 5\d\d/] },
);

/** Waits for the line of a wrong setting with this command, or without any. */
async function fixes(page, name, text, command) {
  const item = await line(page, name, "failed", text);
  const code = item.locator("code:visible");
  const shown = (await code.count()) > 0 ? await code.textContent() : undefined;
  check(shown === command, `${name}: ${shown}`);
}

function heading(page) {
  return page.getByRole("heading", { level: 1, name: "The worker is misconfigured" }).waitFor();
}
