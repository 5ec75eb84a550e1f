// While settings are wrong, every page of the dashboard lists them; once they are right, the
// sign-in or the page that was open comes back.

import { examine } from "./lib/axe.mjs";
import { checkAgain, line, named } from "./lib/checklist.mjs";
import { watchSecrets } from "./lib/secrets.mjs";
import { check, KEYS, ORIGIN, scenario } from "./lib/stage.mjs";
import { open, signIn } from "./lib/steps.mjs";
import { ask } from "./lib/world.mjs";

const VALUES = JSON.parse(process.env.REELAY_WRONG);
const KNOWN = ["JWT_SECRET", "WEBHOOK_SECRET", "API_KEY", "ADMIN_KEY", "NEXTJS_URL"];

await scenario(
  async ({ page, fresh }) => {
    const noSecret = watchSecrets(page);
    await page.goto(`${ORIGIN}/`);
    check(page.url() === `${ORIGIN}/dashboard`, `it leads to ${page.url()}`);
    await heading(page);
    check((await page.getByLabel("Token or key").count()) === 0, "no sign-in is offered");
    await line(page, "JWT_SECRET", "failed", "Must be at least 32 bytes long. Set it in .dev.vars.");
    await line(page, "WEBHOOK_SECRET", "failed", "whsec_");
    await line(page, "API_KEY", "failed", "Must be at least 16 characters long.");
    await line(page, "ADMIN_KEY", "failed", "Must be at least 16 characters long.");
    await line(page, "NEXTJS_URL", "failed", "Must be the https address of the app");
    await line(page, "POLL_INTERVAL_MS", "failed", "Must be a whole number from");
    check((await named(page, "ok")).length === 0, "nothing else is known");
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
    await line(page, "JWT_SECRET", "failed", "Must be set to a random secret of at least 32 bytes.");
    for (const name of KNOWN.slice(1)) await line(page, name, "ok", "Nothing is wrong with it.");
    check(String(await named(page, "failed")) === "JWT_SECRET", "only one is left");
    await page.getByText("1 of 5 checks failed.").waitFor();
    await ask("mend");
    await page.getByRole("button", { name: "Check again" }).click();
    await signIn(page, KEYS.admin);
    await page.getByRole("link", { name: "Deliveries" }).click();

    await ask("break");
    await heading(page);
    await ask("mend");
    await page.getByRole("button", { name: "Check again" }).click();
    await page.getByRole("heading", { level: 1, name: "Deliveries" }).waitFor();
    check(await page.getByRole("button", { name: "Sign out" }).isVisible(), "the operator is still signed in");
    await noSecret();
  },
  { expected: [/net::ERR_/, /status of 5\d\d/] },
);

function heading(page) {
  return page.getByRole("heading", { level: 1, name: "The worker is misconfigured" }).waitFor();
}
