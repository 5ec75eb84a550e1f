/** Orders, kept before they are sent. */
import { ReelayError } from "@reelay/client";
import { and, eq } from "drizzle-orm";
import { database } from "../db/database";
import { generations, messages } from "../db/schema";
import { tell } from "./changes";
import { worker } from "./worker";

/** Keeps a prompt under an id, with the user's message; one that is kept already stays as it is. */
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

/** A user's generation; undefined for another's as for one that does not exist. */
export function own(userId: string, id: string): typeof generations.$inferSelect | undefined {
  return database()
    .select()
    .from(generations)
    .where(and(eq(generations.id, id), eq(generations.userId, userId)))
    .get();
}

/**
 * Orders what was kept. The answer may be lost although the order has arrived, so the same id is sent each time: the worker
 * then answers with the job that it has.
 */
export async function send(userId: string, id: string): Promise<void> {
  const row = own(userId, id);
  if (row?.status !== "unsent") return;
  const unsent = and(eq(generations.id, id), eq(generations.status, "unsent"));
  try {
    await worker().create({ generationId: id, userId, prompt: row.prompt }, { userId });
    // A webhook may have been faster than the answer.
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

/** Gives a generation that asks for it another prompt; answers a sentence when the worker does not take it. */
export async function clarify(userId: string, id: string, prompt: string): Promise<string | undefined> {
  const row = own(userId, id);
  if (row?.status !== "pending_clarification") return "This one does not ask for another prompt any more.";
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

/** Cancels a generation; its webhook says that it was. Answers a sentence when the worker does not. */
export async function cancel(userId: string, id: string): Promise<string | undefined> {
  if (!own(userId, id)) return "There is no such video.";
  try {
    await worker().cancel(id, { userId });
  } catch (error) {
    return sentence(error);
  }
  return undefined;
}

/** What a user is told of a failure. */
function sentence(error: unknown): string {
  if (error instanceof ReelayError) return error.message;
  console.error(error);
  return "Something went wrong.";
}
