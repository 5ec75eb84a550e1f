import type { Connection } from "./connection.js";
import type { EventsOptions, GenerationEvent } from "./options.js";

/** Follows the live events of the generation at `path`. */
export async function* followEvents(
  _connection: Connection,
  _path: string,
  _options: EventsOptions,
): AsyncGenerator<GenerationEvent, void, undefined> {}
