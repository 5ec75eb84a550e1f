// Tests of the dashboard's functions that need no browser: bars, events of a stream, problems.

import assert from "node:assert/strict";
import test from "node:test";
import { troubles } from "../../assets/dashboard/banner.js";
import { filterSaid, progressSaid } from "../../assets/dashboard/bulk.js";
import { summary } from "../../assets/dashboard/checklist.js";
import { parse } from "../../assets/dashboard/follow.js";
import { brief, duration } from "../../assets/dashboard/format.js";
import { originSaid } from "../../assets/dashboard/limits.js";
import { settingChecks } from "../../assets/dashboard/misconfigured.js";
import { switches } from "../../assets/dashboard/pauses.js";
import { jobRoute, listRoute, readRoute } from "../../assets/dashboard/route.js";
import { layOut } from "../../assets/dashboard/waterfall.js";
import { windowsFor } from "../../assets/dashboard/windows.js";
import { alertNames } from "../../assets/dashboard/words.js";

const at = (ms) => new Date(ms).toISOString();
const steps = (...pairs) => pairs.map(([step, ms]) => ({ step, at: at(ms) }));

test("a step's bar reaches to the next one, and the last of a live one to now", () => {
  const { bars, total } = layOut(steps(["created", 0], ["started", 1000], ["submitted", 2000]), 4000, false);
  assert.equal(total, 4000);
  assert.deepEqual(
    bars.map(({ from, length, took }) => [from, length, took]),
    [
      [0, 0.25, 1000],
      [0.25, 0.25, 1000],
      [0.5, 0.5, 2000],
    ],
  );
});

test("the time between attempts and after the last end has no length", () => {
  const life = steps(
    ["created", 0],
    ["failed", 1000],
    ["webhook_failed", 2000],
    ["retried", 90_000],
    ["completed", 93_000],
    ["webhook_delivered", 900_000],
  );
  const { bars, total } = layOut(life, 1_000_000, true);
  assert.equal(total, 4000);
  assert.deepEqual(
    bars.map(({ attempt }) => attempt),
    [1, 1, 1, 2, 2, 2],
  );
  assert.deepEqual(bars[3].from, 0.25);
  assert.equal(bars.at(-1).from, undefined);
});

test("a stream cut anywhere gives the same events", () => {
  const text =
    ': heartbeat\n\nid: 1\nevent: step\ndata: {"step":"created"}\n\nevent: progress\ndata: {"progress":5}\n\n';
  for (let cut = 0; cut <= text.length; cut += 1) {
    const first = parse(text.slice(0, cut));
    const events = [...first.events, ...parse(first.rest + text.slice(cut)).events];
    assert.deepEqual(
      events.map(({ id, event, data }) => [id, event, data]),
      [
        ["1", "step", '{"step":"created"}'],
        ["", "progress", '{"progress":5}'],
      ],
    );
  }
});

test("problems name their time, and a healthy status has none", () => {
  assert.deepEqual(
    troubles({ paused: false, upstreams: [], webhooks: { pending: 3, exhausted: 0 }, jobsWithoutTimer: 0 }),
    [],
  );
  const wrong = {
    paused: true,
    pausedSince: at(0),
    pausedUpstreams: [
      { provider: "veo3", pausedSince: at(0) },
      { provider: "vertex", model: "b", pausedSince: at(0) },
    ],
    upstreams: [{ upstream: "veo3/a", backoffSince: at(0), backoffUntil: at(60_000) }],
    webhooks: { pending: 0, exhausted: 2, exhaustedSince: at(0) },
    jobsWithoutTimer: 1,
  };
  const found = troubles(wrong);
  assert.deepEqual(
    found.map(({ kind }) => kind),
    ["paused", "paused", "paused", "backoff", "webhooks", "timers"],
  );
  assert.match(found[2].text, /^vertex\/b is paused/);
  for (const { text } of found.slice(0, 5)) assert.match(text, /\d\d:\d\d:\d\d/);
});

test("the switches are the whole queue, then each provider with its models, also those no longer offered", () => {
  const models = [
    { provider: "veo3", id: "a" },
    { provider: "vertex", id: "a" },
    { provider: "veo3", id: "b" },
  ];
  const pausedUpstreams = [
    { provider: "veo3", model: "b", pausedSince: at(0) },
    { provider: "gone", pausedSince: at(0) },
  ];
  const shown = switches(models, { paused: false, pausedUpstreams });
  assert.deepEqual(
    shown.map(({ provider, model, paused }) => [provider, model, paused]),
    [
      [undefined, undefined, false],
      ["veo3", undefined, false],
      ["veo3", "a", false],
      ["veo3", "b", true],
      ["vertex", undefined, false],
      ["vertex", "a", false],
      ["gone", undefined, true],
    ],
  );
});

test("a limit says where its value comes from, and a bulk what it took and how far it is", () => {
  const limit = { setting: "MAX_COST_PER_DAY", settingValue: null, origin: "setting" };
  assert.equal(originSaid(limit), "MAX_COST_PER_DAY is not set.");
  const changed = { ...limit, settingValue: 5, origin: "runtime", changedBy: "ops", changedAt: at(0) };
  assert.match(originSaid(changed), /^Changed by ops at .*\. MAX_COST_PER_DAY is 5\.$/);
  assert.equal(filterSaid({ errorCode: "internal", userId: "u_1" }), "error code internal, user id u_1");
  assert.equal(filterSaid({}), "all");
  const bulk = { count: 12, left: 3, done: 8, leftAlone: { budget_exceeded: 1 }, maxCost: 9.6, action: "retry" };
  assert.match(
    progressSaid({ ...bulk, startedBy: "ops", startedAt: at(0) }),
    /^8 of 12 done; 3 left; left alone: 1 budget exceeded; at most \$9\.60; started by ops at /,
  );
});

test("each wrong setting is listed once with its sentences and its command, and nothing else is", () => {
  const put = "npx wrangler secret put API_KEY";
  const errors = [
    { setting: "API_KEY", detail: "must be at least 16 characters long", command: put },
    { setting: "NEXTJS_URL", detail: "must be set to the https address of the app" },
    { setting: "API_KEY", detail: "must be a secret of your own", command: put },
  ];
  assert.deepEqual(settingChecks(errors), [
    {
      name: "API_KEY",
      state: "failed",
      detail: "Must be at least 16 characters long. Must be a secret of your own.",
      command: put,
    },
    { name: "NEXTJS_URL", state: "failed", detail: "Must be set to the https address of the app.", command: undefined },
  ]);
});

test("the alerts that fire are named with their upstreams", () => {
  assert.equal(alertNames([]), "");
  const alerts = [{ type: "upstream_unavailable", upstream: "veo3/a" }, { type: "long_wait" }];
  assert.equal(alertNames(alerts), "Upstream unavailable: veo3/a, Long wait");
});

test("the result of the checks counts what failed and what is unknown", () => {
  const of = (...states) => summary(states.map((state) => ({ state })));
  assert.equal(of("ok", "ok"), "Every check passed.");
  assert.equal(of("ok", "unknown"), "No check failed. Unknown: 1.");
  assert.equal(of("failed", "ok", "unknown"), "1 of 3 checks failed. Unknown: 1.");
});

test("a plain user is offered no window that the worker would refuse", () => {
  const offered = (kind, operator) => windowsFor({ kind, operator }).map(([value]) => value);
  const every = ["15m", "1h", "6h", "24h", "7d"];
  assert.deepEqual(offered("user", false), ["15m", "1h", "6h"]);
  assert.deepEqual(offered("user", true), every);
  assert.deepEqual(offered("service", false), every);
  assert.deepEqual(offered("operator", true), every);
});

test("routes are read as they are written, and other hashes are ignored", () => {
  assert.deepEqual(
    { ...readRoute(jobRoute("a/b ü", "g-1")), query: undefined },
    { page: "job", user: "a/b ü", id: "g-1", query: undefined },
  );
  const list = readRoute(listRoute("", { status: "failed", search: "a&b", user: "" }));
  assert.deepEqual([list.page, ...list.query], ["overview", ["status", "failed"], ["search", "a&b"]]);
  assert.equal(readRoute("#content"), undefined);
  assert.equal(readRoute("#/job/%E0%A4%A/x").user, "%E0%A4%A");
});

test("durations have at most two units", () => {
  assert.deepEqual([340, 4200, 59_000, 185_000, 7_260_000, 180_000_000].map(duration), [
    "340 ms",
    "4.2 s",
    "59 s",
    "3 min 5 s",
    "2 h 1 min",
    "2 d 2 h",
  ]);
  assert.deepEqual([0, 75_000, 5_400_000].map(brief), ["0", "1:15", "1.5 h"]);
});
