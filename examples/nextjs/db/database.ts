/** The process's only database handle, opened and migrated at its first use. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import * as schema from "./schema";

export type AppDatabase = BetterSQLite3Database<typeof schema>;
/** The argument of a transaction's function. */
export type Transaction = Parameters<Parameters<AppDatabase["transaction"]>[0]>[0];

/** How long one process waits for another's write, in milliseconds. */
const BUSY_MS = 5_000;

// Next.js loads a module once per route, and again after a change, so `globalThis` holds the
// handle.
const kept = globalThis as typeof globalThis & { exampleDatabase?: AppDatabase };

/** The database; throws when its file cannot be opened. */
export function database(): AppDatabase {
  kept.exampleDatabase ??= open(process.env.DATABASE_FILE ?? "example.sqlite");
  return kept.exampleDatabase;
}

function open(file: string): AppDatabase {
  const connection = new Database(file);
  connection.pragma(`busy_timeout = ${BUSY_MS}`);
  connection.pragma("journal_mode = WAL");
  connection.pragma("foreign_keys = ON");
  const opened = drizzle({ client: connection, schema, casing: "snake_case" });
  migrate(opened, { migrationsFolder: join(process.cwd(), "db", "migrations") });
  return opened;
}
