// Serves one worker on workerd without the proxy of `wrangler dev`, so that only the worker is
// measured.
//
// The `wrangler.toml` in the working folder describes the worker. Arguments: PORT, DIRECT_PORT and
// a JSON object of variables. PORT takes requests through Miniflare's own entry, which handles the
// cron triggers; DIRECT_PORT is the worker's own socket. Prints "ready" once both listen.
//
// The runtime's tracer is off. `wrangler dev` turns it on, and it then records each SQL statement and
// each call as a span, in the same process that is measured.

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

const [port, directPort, variables] = process.argv.slice(2);
const folder = process.cwd();
const { main, workerOptions } = unstable_getMiniflareWorkerOptions(join(folder, "wrangler.toml"));
const { assets: _pages, modulesRules: _rules, ...worker } = workerOptions;
const names = new Set([relative(folder, main), "index.js", "counter.js", "build/index.js", "build/index_bg.wasm"]);
const modules = [...names]
  .filter((name) => existsSync(join(folder, name)))
  .map((name) => ({ type: name.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path: join(folder, name) }));
const options = convertV4MiniflareOptions({
  host: "127.0.0.1",
  port: Number(port),
  cf: false,
  log: new Log(LogLevel.WARN),
  unsafeTriggerHandlers: true,
  unsafeObservability: false,
  workers: [
    {
      ...worker,
      name: "measured",
      rootPath: folder,
      modulesRoot: folder,
      modules,
      bindings: JSON.parse(variables),
      unsafeDirectSockets: [{ host: "127.0.0.1", port: Number(directPort) }],
    },
  ],
});
const state = join(folder, "state");
await new Miniflare({ ...options, resourcePersistencePath: state }).ready;
if (existsSync(join(state, "observability"))) throw new Error("The runtime's tracer is on.");
console.log("ready");
