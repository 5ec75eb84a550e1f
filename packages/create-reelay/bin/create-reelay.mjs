#!/usr/bin/env node
// `npm create reelay@latest my-videos`. It needs no network, because the folder comes with it.

import { create } from "../lib/create.mjs";
import { Refusal } from "../lib/refusal.mjs";

try {
  process.stdout.write(create(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`create-reelay: ${error.message}\n`);
  process.exitCode = 1;
}
