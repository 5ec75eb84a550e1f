// The secrets of a worker that can be made; those of video services come from there.

import { randomBytes } from "node:crypto";

const hex = () => randomBytes(32).toString("hex");

const MAKERS = {
  JWT_SECRET: hex,
  WEBHOOK_SECRET: () => `whsec_${randomBytes(32).toString("base64")}`,
  API_KEY: hex,
  ADMIN_KEY: hex,
};

/** The names of the secrets that can be made. */
export const NAMES = Object.keys(MAKERS);

/** Fresh secrets of these names. */
export const makeSecrets = (names = NAMES) => Object.fromEntries(names.map((name) => [name, MAKERS[name]()]));

/** Lines of `NAME=value`, as `.dev.vars` and `.env` files have them. */
export const toLines = (vars) =>
  Object.entries(vars)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
