// What docs/troubleshooting.md quotes of npm and wrangler, compared with what they say when it happens.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { startCloudflare } from "../../packages/worker/test/cloudflare.mjs";
import { ROOT } from "./paths.mjs";
import { Failure } from "./report.mjs";

const PAGE = "docs/troubleshooting.md";
const LIMIT_MS = 60_000;

/** Lets each happen in a project of a machine, whose worker runs. */
export async function checkSentences(machine, project) {
  const page = readFileSync(join(ROOT, PAGE), "utf8");
  const expect = async (sentence, command, env) => {
    if (!page.includes(`\`${sentence}\``)) throw new Failure(`${PAGE} does not quote: ${sentence}`);
    const explain = () => `\`${command}\` does not fail as it should: see the lines above.`;
    const script = `if ${command}; then exit 1; fi`;
    const said = (await machine.shell(script, { in: project, env, explain, timeoutMs: LIMIT_MS })).join("\n");
    if (!said.includes(sentence)) throw new Failure(`\`${command}\` does not say: ${sentence}\n${said}`);
  };
  await expect("Address already in use", "npm run dev");
  await expect("set a CLOUDFLARE_API_TOKEN environment variable", "npm run deploy");
  await expect("wrangler is not logged in", "npx reelay-secrets");
  const poor = await startCloudflare(undefined);
  try {
    await expect("Please enable R2 through the Cloudflare Dashboard", "npm run deploy", poor.env);
  } finally {
    await poor.stop();
  }
  await checkBucket(machine, project);
  const quick = { npm_config_offline: "false", npm_config_fetch_retries: "0", npm_config_prefer_online: "true" };
  const mirror = await emptyMirror();
  const install = "npm install @reelay/worker@9.9.9 --no-save";
  try {
    await expect("code E404", install, { ...quick, npm_config_registry: mirror.address });
  } finally {
    await mirror.stop();
  }
  await expect("code ECONNREFUSED", install, { ...quick, npm_config_registry: mirror.address });
}

/** A deploy creates the bucket, then uploads the worker; where that ends, Cloudflare is too much to stand in for. */
async function checkBucket(machine, project) {
  const cloudflare = await startCloudflare(undefined, { r2: true });
  try {
    await machine.shell("npm run deploy || true", { in: project, env: cloudflare.env, timeoutMs: LIMIT_MS });
  } finally {
    await cloudflare.stop();
  }
  const { requests } = cloudflare.state;
  const [created, uploaded] = ["POST /r2/buckets", `PUT /workers/scripts/${project}`].map((one) =>
    requests.indexOf(one),
  );
  if (created < 0 || uploaded < created) throw new Failure(`A deploy creates no bucket: ${requests.join(", ")}`);
}

/** A registry that has no package at all. */
async function emptyMirror() {
  const server = createServer((_, response) => {
    response.writeHead(404, { "Content-Type": "application/json" });
    response.end('{"error":"Not found"}');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { address: `http://127.0.0.1:${server.address().port}/`, stop };
}
