import { database } from "../db/database";
import { requireSettings } from "./settings";

/** Ends the process with one sentence if the app cannot work. */
export function start(): void {
  try {
    requireSettings();
    database();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
