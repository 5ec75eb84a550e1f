/** The variables that the app needs. */
const NEEDED = {
  REELAY_URL: "the worker's address",
  REELAY_API_KEY: "the worker's API_KEY",
  WEBHOOK_SECRET: "the worker's WEBHOOK_SECRET",
};

/** The value of a variable; throws one sentence if it is missing. */
export function setting(name: keyof typeof NEEDED): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: set it to ${NEEDED[name]}, as .env.example shows.`);
  return value;
}

/** Throws one sentence for the first missing variable. */
export function requireSettings(): void {
  for (const name of Object.keys(NEEDED) as (keyof typeof NEEDED)[]) setting(name);
}
