// No secret appears on a page or in an answer of the worker.

import { check } from "./stage.mjs";

const SECRETS = JSON.parse(process.env.REELAY_SECRETS ?? "[]");

/** Records the worker's JSON answers on a page from now on. Returns the check of them and of the page. */
export function watchSecrets(page) {
  const answers = [];
  page.on("response", (response) => {
    const type = response.headers()["content-type"] ?? "";
    // An answer that the page left cannot be read.
    if (type.includes("json")) answers.push(response.text().catch(() => ""));
  });
  return async () => {
    const texts = [await page.content(), ...(await Promise.all(answers))];
    check(texts.length > 1, "the worker answered");
    for (const text of texts) {
      const found = SECRETS.find((secret) => text.includes(secret));
      check(found === undefined, `the secret ${found} is in ${text.slice(0, 2000)}`);
    }
  };
}
