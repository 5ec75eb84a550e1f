#!/usr/bin/env node
// `npx reelay-secrets`, in a wrangler project: makes the secrets that the deployed worker lacks, and sets them.

import { putSecrets, Refusal } from "../lib/put_secrets.mjs";

try {
  await putSecrets(process.cwd(), (line) => process.stdout.write(`${line}\n`));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`reelay-secrets: ${error.message}\n`);
  process.exitCode = 1;
}
