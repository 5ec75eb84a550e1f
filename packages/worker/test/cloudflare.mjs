// The part of Cloudflare's API that wrangler needs for secrets and for buckets, on loopback.

import { createServer } from "node:http";

/** An account that is logged in, for wrangler's environment. */
const LOGIN = {
  CLOUDFLARE_API_TOKEN: "a-token-of-the-tests",
  CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcdef",
};
const NO_WORKER = { code: 10007, message: "This Worker does not exist on your account." };
const NO_BUCKET = { code: 10006, message: "The specified bucket does not exist." };
const NO_R2 = { code: 10042, message: "Please enable R2 through the Cloudflare Dashboard." };
const NO_R2_BINDING = {
  code: 10136,
  message: "R2 binding error for bucket 'my-videos': Please enable R2 through the Cloudflare Dashboard.",
};
const BROKEN = { code: 10001, message: "The service is unavailable for now." };

/**
 * Starts it with these names of secrets, or without a worker, and with R2 or without. In its state, `requests` lists
 * what came, `sent` has the secrets that were set, and `broken` fails every change.
 */
export async function startCloudflare(names, { r2 = false } = {}) {
  const state = { names, r2, broken: false, requests: [] };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("latin1")) body += chunk;
    const [status, result, error] = answer(state, request, body);
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ success: !error, errors: error ? [error] : [], messages: [], result }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const env = { ...LOGIN, CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${server.address().port}/client/v4` };
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { state, env, stop };
}

function answer(state, { method, url }, body) {
  const path = url.replace(/^.*\/accounts\/\w+/, "").replace(/\?.*$/, "");
  state.requests.push(`${method} ${path}`);
  if (path.startsWith("/r2/") && !state.r2) return [403, null, NO_R2];
  if (path.startsWith("/r2/buckets/")) return [404, null, NO_BUCKET];
  if (path === "/r2/buckets") return [200, method === "GET" ? { buckets: [] } : {}];
  if (path === "/workers/subdomain") return [200, { subdomain: "example" }];
  if (path.endsWith("/assets-upload-session")) return [200, { jwt: "nothing-to-upload", buckets: [] }];
  if (method !== "GET" && state.broken) return [503, null, BROKEN];
  if (method === "PUT" && body.includes("r2_bucket") && !state.r2) return [400, null, NO_R2_BINDING];
  if (method === "PUT" && /^\/workers\/scripts\/[^/]+$/.test(path)) {
    state.names ??= [];
    return [200, {}];
  }
  if (!state.names) return [404, null, NO_WORKER];
  if (method === "GET" && path.endsWith("/secrets"))
    return [200, state.names.map((name) => ({ name, type: "secret_text" }))];
  if (method === "PATCH" && path.endsWith("/secrets-bulk")) {
    state.sent = Object.fromEntries(Object.values(JSON.parse(body).secrets).map(({ name, text }) => [name, text]));
    state.names.push(...Object.keys(state.sent));
    return [200, {}];
  }
  return [200, {}];
}
