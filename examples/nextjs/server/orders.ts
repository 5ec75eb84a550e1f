/** Orders, stored before they are sent. */
import { ReelayError } from "@reelay/client";
import { and, eq } from "drizzle-orm";
import { database } from "../db/database";
import { generations, messages } from "../db/schema";
import { tell } from "./changes";
import { worker } from "./worker";

/**
 * Stores a prompt under an id, with the user's message; an id that is stored already stays
 * unchanged.
 */
export function keep(userId: string, id: string, prompt: string): void {
  const createdAt = Date.now();
  database().transaction((transaction) => {
    const row = { id, userId, prompt, status: "unsent" as const, createdAt };
    if (transaction.insert(generations).values(row).onConflictDoNothing().run().changes === 0) return;
    const message = {
      id: crypto.randomUUID(),
      userId,
      role: "user" as const,
      generationId: id,
      text: prompt,
      createdAt,
    };
    transaction.insert(messages).values(message).run();
  });
  tell(userId);
}

/** A user's generation; undefined if it does not exist or belongs to another user. */
export function own(userId: string, id: string): typeof generations.$inferSelect | undefined {
  return database()
    .select()
    .from(generations)
    .where(and(eq(generations.id, id), eq(generations.userId, userId)))
    .get();
}

/**
 * Sends a stored order. The answer may be lost although the order has arrived, so each attempt
 * sends the same id: the worker then answers with its existing job.
 */
export async function send(userId: string, id: string): Promise<void> {
  const row = own(userId, id);
  if (row?.status !== "unsent") return;
  const unsent = and(eq(generations.id, id), eq(generations.status, "unsent"));
  try {
    await worker().create({ generationId: id, userId, prompt: row.prompt }, { userId });
    // A webhook may have arrived before the answer.
    database().update(generations).set({ status: "queued", reason: null }).where(unsent).run();
  } catch (error) {
    database()
      .update(generations)
      .set({ reason: sentence(error) })
      .where(unsent)
      .run();
  }
  tell(userId);
}

/**
 * Sends another prompt for a generation that needs one; returns a sentence if the worker refuses.
 */
export async function clarify(userId: string, id: string, prompt: string): Promise<string | undefined> {
  const row = own(userId, id);
  if (row?.status !== "pending_clarification") return "This video no longer needs another prompt.";
  try {
    await worker().clarify(id, { prompt }, { userId });
  } catch (error) {
    return sentence(error);
  }
  const unchanged = and(eq(generations.id, id), eq(generations.sequence, row.sequence));
  database().update(generations).set({ status: "queued", reason: null, prompt }).where(unchanged).run();
  tell(userId);
  return undefined;
}

/** Cancels a generation; its webhook confirms it. Returns a sentence if the worker refuses. */
export async function cancel(userId: string, id: string): Promise<string | undefined> {
  if (!own(userId, id)) return "There is no such video.";
  try {
    await worker().cancel(id, { userId });
  } catch (error) {
    return sentence(error);
  }
  return undefined;
}

/** A failure's sentence for the user. */
function sentence(error: unknown): string {
  if (error instanceof ReelayError) return error.message;
  console.error(error);
  return "Something went wrong.";
}
