/** What a webhook changes, in the transaction that notes its id. */
import type { WebhookEvent } from "@reelay/client/webhooks";
import { and, eq, lt } from "drizzle-orm";
import { database, type Transaction } from "../db/database";
import { generations, messages, type STATUSES, webhooks } from "../db/schema";
import { tell } from "./changes";

/** Runs the work of each webhook once: its id is noted in the same transaction. */
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

/** What an event makes of its generation. */
export interface Outcome {
  status: (typeof STATUSES)[number];
  reason?: string | null;
  /** What the assistant says, once for each generation. */
  answer?: string;
  videoUrl?: string;
}

/** Takes an event's outcome, unless a later event was taken before or the generation is none of this app's. */
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
  // After the commit: this runs inside of it, and whoever listens reads the database.
  queueMicrotask(() => tell(userId));
}
