// The checklist of a worker as deployed, which is not set up completely: the overview hints at it,
// and each line has the command that fixes it.

import { examine } from "./lib/axe.mjs";
import { line } from "./lib/checklist.mjs";
import { watchSecrets } from "./lib/secrets.mjs";
import { check, scenario } from "./lib/stage.mjs";
import { open, signIn } from "./lib/steps.mjs";

const OPERATOR = process.env.REELAY_OPERATOR;

await scenario(async ({ fresh }) => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await fresh({ colorScheme, permissions: ["clipboard-read", "clipboard-write"] });
    const noSecret = watchSecrets(page);
    await open(page);
    await signIn(page, OPERATOR);
    await page.getByText("Not ready yet: R2, veo3, vertex, omni.").waitFor();
    await page.locator(".plot canvas").first().waitFor();
    await examine(page, "overview with a hint", colorScheme);
    await page.getByRole("link", { name: "Open the setup" }).click();
    for (const name of ["API_KEY", "ADMIN_KEY"])
      await fixes(page, name, "unknown", "Optional, and not set.", "npx reelay-secrets");
    const put = "npx wrangler secret put";
    await fixes(page, "omni", "failed", "API key not valid", `${put} GEMINI_API_KEY`);
    await fixes(page, "veo3", "failed", "API key not valid", `${put} VEO3_API_KEY`);
    const vertex = await line(page, "vertex", "failed", "aiplatform.models.list");
    await vertex.getByText(/Give it the role Vertex AI User in VERTEX_PROJECT/).waitFor();
    check(!(await vertex.locator("code").isVisible()), "another key of the account does not help");
    await line(page, "R2", "failed", "binds no bucket as VIDEOS");
    await line(page, "NEXTJS_URL", "ok");
    await page.getByText("4 of 9 checks failed. Unknown: 3.").waitFor();
    await page.getByText('The demo is off. Set DEMO to "true"').waitFor();
    check(await page.getByRole("button", { name: "Render the demo" }).isDisabled(), "the demo cannot be ordered");
    await page.getByRole("button", { name: "Copy the command for omni" }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    check(copied === `${put} GEMINI_API_KEY`, `copied: ${copied}`);
    await examine(page, "setup with commands", colorScheme);
    await noSecret();
  }
});

async function fixes(page, name, state, text, command) {
  const item = await line(page, name, state, text);
  const shown = await item.locator("code").textContent();
  check(shown === command, `${name}: ${shown}`);
}
