import assert from "node:assert/strict";
import { test } from "node:test";
import { filesIn, filesOf, quickstartFiles } from "../lib/quickstart.mjs";

test("the code in the README is the quickstart's, which is what the tests build", () => {
  const quickstart = quickstartFiles();
  const readme = Object.entries(filesOf("README.md"));
  assert.ok(readme.length >= 3);
  for (const [name, code] of readme) assert.equal(code, quickstart[name], name);
});

test("the quickstart has every file of the app", () => {
  assert.deepEqual(Object.keys(quickstartFiles()).sort(), [
    "app/actions.ts",
    "app/api/webhooks/worker/route.ts",
    "app/page.tsx",
    "app/videos/[id]/follow.tsx",
    "app/videos/[id]/loading.tsx",
    "app/videos/[id]/page.tsx",
    "lib/reelay.ts",
  ]);
});

test("a file's name may be in a paragraph of several lines, and each block needs one", () => {
  const named = "# A page\n\n`lib/a.ts`, for the server\nalone, and `b`:\n\n```ts\nlet a;\n```\n";
  assert.deepEqual(filesIn(named, "a page"), { "lib/a.ts": "let a;\n" });
  assert.throws(() => filesIn(`${named}\nMore.\n\n\`\`\`tsx\nlet b;\n\`\`\`\n`, "a page"), /a page: each block/);
  assert.throws(() => filesIn("# A page\n", "a page"), /a page: each block/);
});
