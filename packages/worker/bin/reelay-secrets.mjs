#!/usr/bin/env node
// `npx reelay-secrets`, in a wrangler project: makes the secrets that the deployed worker lacks, and sets them.

import { parseArgs } from "node:util";
import { putSecrets, Refusal } from "../lib/put_secrets.mjs";
import { NAMES } from "../lib/secrets.mjs";

const HELP = `npx reelay-secrets [--config FILE] [--env NAME]

Makes those of ${NAMES.join(", ")} that the deployed worker lacks, and sets them.
It never replaces a secret. The values are in secrets.env, beside the wrangler configuration.

  --config FILE  the wrangler configuration, if it is not in this folder; the values of
                 wrangler.staging.jsonc are in secrets.staging.env
  --env NAME     an environment of the configuration; its values are in secrets.NAME.env
  --help         this text
`;

function read(args) {
  const text = { type: "string" };
  const options = { config: { ...text, short: "c" }, env: { ...text, short: "e" }, help: { type: "boolean" } };
  try {
    return parseArgs({ args, options }).values;
  } catch {
    throw new Refusal("Only --config FILE, --env NAME and --help can be given.");
  }
}

const write = (text) => process.stdout.write(text);

try {
  const { help, ...target } = read(process.argv.slice(2));
  if (help) write(HELP);
  else await putSecrets(process.cwd(), target, (line) => write(`${line}\n`));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`reelay-secrets: ${error.message}\n`);
  process.exitCode = 1;
}
