/** Applies a webhook, in the transaction that records its id. */
import type { WebhookEvent } from "@reelay/client/webhooks";
import { and, eq, lt } from "drizzle-orm";
import { database, type Transaction } from "../db/database";
import { generations, messages, type STATUSES, webhooks } from "../db/schema";
import { tell } from "./changes";

/** Runs the work of each webhook once: its id is recorded in the same transaction. */
export const store = {
  once: (id: string, work: (transaction: Transaction) => void | Promise<void>): boolean =>
    database().transaction(
      (transaction) => {
        const noted = transaction.insert(webhooks).values({ id, handledAt: Date.now() }).onConflictDoNothing().run();
        if (noted.changes === 1) work(transaction);
        return noted.changes === 1;
      },
      { behavior: "immediate" },
    ),
};

/** An event's effect on its generation. */
export interface Outcome {
  status: (typeof STATUSES)[number];
  reason?: string | null;
  /** The assistant's message, once per generation. */
  answer?: string;
  videoUrl?: string;
}

/**
 * Applies an event's outcome, unless a later event was applied before or the generation is not this
 * app's.
 */
export function take(event: WebhookEvent, transaction: Transaction, outcome: Outcome): void {
  const { generationId, userId, sequence } = event;
  const { status, reason = null, answer, videoUrl } = outcome;
  const older = and(
    eq(generations.id, generationId),
    eq(generations.userId, userId),
    lt(generations.sequence, sequence),
  );
  const { changes } = transaction.update(generations).set({ status, reason, sequence }).where(older).run();
  if (changes === 0) return;
  if (answer !== undefined) {
    const message = { id: crypto.randomUUID(), userId, role: "assistant" as const, generationId, text: answer };
    const latest = { text: answer, videoUrl: videoUrl ?? null };
    transaction
      .insert(messages)
      .values({ ...message, ...latest, createdAt: Date.now() })
      .onConflictDoUpdate({ target: [messages.generationId, messages.role], set: latest })
      .run();
  }
  // After the commit: this code runs inside the transaction, and listeners read the database.
  queueMicrotask(() => tell(userId));
}
