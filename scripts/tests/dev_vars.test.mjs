import assert from "node:assert/strict";
import { test } from "node:test";
import { movedVars, parseVars } from "../lib/dev_vars.mjs";

test("comments, quotes and blank lines are parsed", () => {
  const text = "# a comment\n\nKEY = value \nQUOTED=\"a b\"\nSINGLE='c=d'\nURL=http://127.0.0.1:8788\n";
  assert.deepEqual(parseVars(text), { KEY: "value", QUOTED: "a b", SINGLE: "c=d", URL: "http://127.0.0.1:8788" });
});

test("only local addresses with a moved port change", () => {
  const vars = {
    UPSTREAM: "http://127.0.0.1:8788/v1",
    PUBLIC: "http://localhost:8787",
    ORIGINS: "http://localhost:3000,http://localhost:8787",
    REMOTE: "https://example.com:8788",
    KEY: "8788",
  };
  assert.deepEqual(movedVars(vars, { 8787: 9000, 8788: 9001 }), {
    UPSTREAM: "http://127.0.0.1:9001/v1",
    PUBLIC: "http://localhost:9000",
    ORIGINS: "http://localhost:3000,http://localhost:9000",
  });
});

test("nothing changes on the default ports", () => {
  assert.deepEqual(movedVars({ URL: "http://127.0.0.1:8788" }, { 8787: 8787, 8788: 8788 }), {});
});
