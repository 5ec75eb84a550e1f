/** Orders videos from Reelay, follows them, and takes its webhooks. */
export type * from "./description.js";
