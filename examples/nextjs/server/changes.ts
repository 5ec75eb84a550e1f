/** Tells the open pages of a user, within this process, that something of theirs has changed. */
import { EventEmitter } from "node:events";

const kept = globalThis as typeof globalThis & { exampleChanges?: EventEmitter };

function changes(): EventEmitter {
  kept.exampleChanges ??= new EventEmitter().setMaxListeners(0);
  return kept.exampleChanges;
}

/** Says that something of a user's has changed. */
export function tell(userId: string): void {
  changes().emit(userId);
}

/** Calls `listener` at each change of a user's, until the function it returns is called. */
export function listen(userId: string, listener: () => void): () => void {
  changes().on(userId, listener);
  return () => changes().off(userId, listener);
}
