/**
 * Runs once at the server's start; ends it with a sentence if a variable is missing or the database
 * cannot be opened.
 */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { start } = await import("./server/start");
  start();
}
