/** The entries of a page: each of a user's prompts with its answer and status. */
import { asc, eq, sql } from "drizzle-orm";
import { database } from "../db/database";
import { generations, messages, type STATUSES } from "../db/schema";
import { live } from "./followers";

/**
 * The age in milliseconds at which an unsent order is taken for abandoned: the app ended before it
 * stored the result.
 */
const FORGOTTEN_MS = 60_000;

/** A generation's status, as stored. */
export type Status = (typeof STATUSES)[number];

/** One prompt and its answer. */
export interface Entry {
  id: string;
  prompt: string;
  status: Status;
  /** Why it was not sent, has failed, or needs another prompt. */
  reason: string | null;
  /** 0 to 100; null if unknown. */
  progress: number | null;
  /** Whether the worker reports that it has ended, but its webhook has not arrived yet. */
  untold: boolean;
  /** The text from the webhook; null before. */
  answer: string | null;
}

/** A user's entries, oldest first. */
export function entriesOf(userId: string): Entry[] {
  const rows = database()
    .select()
    .from(generations)
    .where(eq(generations.userId, userId))
    .orderBy(asc(generations.createdAt), sql`rowid`)
    .all();
  const texts = database().select().from(messages).where(eq(messages.userId, userId)).all();
  const answers = new Map(texts.filter(({ role }) => role === "assistant").map((row) => [row.generationId, row.text]));
  const prompts = new Map(texts.filter(({ role }) => role === "user").map((row) => [row.generationId, row.text]));
  return rows.map((row) => {
    const now = row.status === "queued" || row.status === "processing" ? live(row.id) : undefined;
    const status = now?.status === "processing" || now?.status === "queued" ? now.status : row.status;
    const untold = now?.status === "completed" || now?.status === "failed" || now?.status === "cancelled";
    return {
      id: row.id,
      prompt: prompts.get(row.id) ?? row.prompt,
      status,
      reason: row.reason ?? (isForgotten(row) ? "This may not have been sent." : null),
      progress: now?.progress ?? null,
      untold,
      answer: answers.get(row.id) ?? null,
    };
  });
}

const isForgotten = ({ status, createdAt }: typeof generations.$inferSelect): boolean =>
  status === "unsent" && Date.now() - createdAt > FORGOTTEN_MS;

/** Whether the worker may still report changes. */
export const isOpen = ({ status }: Entry): boolean => status === "queued" || status === "processing";
