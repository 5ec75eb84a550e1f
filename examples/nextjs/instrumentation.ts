/** Runs once when the server starts: a missing variable or a database that cannot be opened ends it with a sentence. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { start } = await import("./server/start");
  start();
}
