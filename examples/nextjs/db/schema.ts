/** The app's tables: what was asked for and answered, how each generation stands, and which webhooks were handled. */
import { integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** `unsent` until the worker has answered the order; the others are the worker's own words. */
export const STATUSES = [
  "unsent",
  "queued",
  "processing",
  "pending_clarification",
  "completed",
  "failed",
  "cancelled",
] as const;

/** One video that was asked for. */
export const generations = sqliteTable("generations", {
  /** Made by the app before it orders, so that the same order can be sent again. */
  id: text().primaryKey(),
  userId: text().notNull(),
  prompt: text().notNull(),
  status: text({ enum: STATUSES }).notNull(),
  /** The `sequence` of the last event that was taken; 0 before the first. */
  sequence: integer().notNull().default(0),
  /** A sentence: why it was not sent, has failed, or asks for another prompt. */
  reason: text(),
  /** Milliseconds since 1970. */
  createdAt: integer().notNull(),
});

/** What stands in the chat: the user's words, and one answer for each generation. */
export const messages = sqliteTable(
  "messages",
  {
    id: text().primaryKey(),
    userId: text().notNull(),
    role: text({ enum: ["user", "assistant"] }).notNull(),
    generationId: text()
      .notNull()
      .references(() => generations.id),
    text: text().notNull(),
    /** Where the webhook said that the video is; the address is valid for seven days. */
    videoUrl: text(),
    /** Milliseconds since 1970. */
    createdAt: integer().notNull(),
  },
  (table) => [uniqueIndex("messages_one_of_each_role").on(table.generationId, table.role)],
);

/** The ids of the webhooks that were handled. */
export const webhooks = sqliteTable("webhooks", {
  id: text().primaryKey(),
  /** Milliseconds since 1970. */
  handledAt: integer().notNull(),
});
