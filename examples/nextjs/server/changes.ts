/** Notifies the open pages of a user, within this process, of changes to the user's entries. */
import { EventEmitter } from "node:events";

const kept = globalThis as typeof globalThis & { exampleChanges?: EventEmitter };

function changes(): EventEmitter {
  kept.exampleChanges ??= new EventEmitter().setMaxListeners(0);
  return kept.exampleChanges;
}

/** Announces a change to a user's entries. */
export function tell(userId: string): void {
  changes().emit(userId);
}

/** Calls `listener` at each change to a user's entries, until the returned function is called. */
export function listen(userId: string, listener: () => void): () => void {
  changes().on(userId, listener);
  return () => changes().off(userId, listener);
}
