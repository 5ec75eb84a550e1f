import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { chosenPorts, isFree, requireFree } from "../lib/ports.mjs";

test("flags override variables, and variables override defaults", () => {
  assert.deepEqual(chosenPorts([], {}), { worker: 8787, upstream: 8788 });
  assert.deepEqual(chosenPorts([], { PORT: "9000" }), { worker: 9000, upstream: 8788 });
  assert.deepEqual(chosenPorts(["--port", "9001", "--upstream-port=9002"], { PORT: "9000" }), {
    worker: 9001,
    upstream: 9002,
  });
});

test("a bad port is refused with its flag's name", () => {
  assert.throws(() => chosenPorts(["--port", "high"], {}), /--port needs a port/);
  assert.throws(() => chosenPorts(["--port"], {}), /--port needs a port/);
  assert.throws(() => chosenPorts([], { UPSTREAM_PORT: "70000" }), /UPSTREAM_PORT needs a port/);
});

test("the example app has its own port, which cannot be shared", () => {
  const roles = ["worker", "upstream", "app"];
  assert.deepEqual(chosenPorts([], {}, roles), { worker: 8787, upstream: 8788, app: 3000 });
  assert.equal(chosenPorts(["--app-port", "9001"], { APP_PORT: "9000" }, roles).app, 9001);
  assert.throws(() => chosenPorts([], { APP_PORT: "8787" }, roles), /The worker and the app cannot share port 8787/);
});

test("one port cannot serve both", () => {
  assert.throws(() => chosenPorts(["--port", "9002", "--upstream-port", "9002"], {}), /cannot share port 9002/);
});

test("the error for a taken port says how to choose another", async () => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  assert.equal(await isFree(port), false);
  await assert.rejects(
    requireFree({ upstream: port }),
    new RegExp(`Port ${port} for the upstream is taken.*UPSTREAM_PORT=`),
  );
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await isFree(port), true);
});
