#!/usr/bin/env node
// `npm create reelay@latest my-videos`. It needs no network, because the folder comes with it. The rest is loaded only
// by a Node that is new enough: an older one could not even read it.

const version = process.versions.node;
/** The oldest Node that wrangler runs on. */
const MIN_NODE = [22, 12];
const [major, minor] = version.split(".").map(Number);

function fail(sentence) {
  process.stderr.write(`create-reelay: ${sentence}\n`);
  process.exitCode = 1;
}

async function run() {
  const [{ create }, { Refusal }] = await Promise.all([import("../lib/create.mjs"), import("../lib/refusal.mjs")]);
  try {
    process.stdout.write(create(process.argv.slice(2)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    fail(error.message);
  }
}

if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1]))
  fail(`Node ${version} is too old: install Node ${MIN_NODE.join(".")} or newer and run this again.`);
else run();
