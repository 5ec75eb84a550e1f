/** The client of Reelay: orders videos, follows them, and handles webhooks. */
export { createReelay, type Reelay } from "./client.js";
export type * from "./description.js";
export type {
  CallOptions,
  CreateOptions,
  EventsOptions,
  GenerationEvent,
  ListFilter,
  ReelayOptions,
  WaitOptions,
} from "./options.js";
export * from "./webhooks.js";
