// A wrong token is reported beside the field. A token that expires later brings back the sign-in.

import { check, KEYS, scenario } from "./lib/stage.mjs";
import { open, rows, signIn } from "./lib/steps.mjs";
import { done, order } from "./lib/world.mjs";

await scenario(
  async ({ page }) => {
    await open(page);
    const token = page.getByLabel("Token or key");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Enter a token or a key.").waitFor();
    await token.fill("no-such-token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText(/^The token is not valid or has expired\..* \(request .+\)$/).waitFor();
    check((await token.getAttribute("aria-invalid")) !== null, "the field is marked");
    check(await token.evaluate((field) => field === document.activeElement), "the field has the focus");

    await token.fill(KEYS.service);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("The service key acts for a user: enter the user's id.").waitFor();
    await done("served", await order("served", "What the service key sees"));
    await signIn(page, KEYS.service, "served");
    await rows(page).getByText("What the service key sees").first().waitFor();
    check((await page.getByRole("link", { name: "Deliveries" }).count()) === 0, "no operator's page is offered");

    const problem = {
      status: 401,
      contentType: "application/problem+json",
      body: '{"detail":"The token is not valid or has expired."}',
    };
    await page.route("**/api/**", (route) => route.fulfill(problem));
    await page.getByText("You have been signed out: The token is not valid or has expired.").waitFor();
    check((await page.evaluate(() => sessionStorage.length)) === 0, "the session is deleted");
  },
  { expected: [/status of 401/] },
);
