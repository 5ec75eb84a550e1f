// The output for the reader: one line per step with its time, a table at the end, and failures as
// one sentence.

/** A failure that the reader can fix: `message` names it and says how. */
export class Failure extends Error {}

const steps = [];

/** The time since `start` (from `performance.now()`), formatted for people. */
export function elapsed(start) {
  const seconds = (performance.now() - start) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Prints one line. */
export function say(line = "") {
  process.stdout.write(`${line}\n`);
}

/** Runs `work` as a named step: a line before, a line with its time after, a row in the table. */
export async function step(name, work) {
  const start = performance.now();
  say(`• ${name}`);
  try {
    const result = await work();
    steps.push([name, elapsed(start), "ok"]);
    say(`✓ ${name}: ${elapsed(start)}`);
    return result;
  } catch (error) {
    steps.push([name, elapsed(start), "failed"]);
    throw error;
  }
}

/** Prints how long each step took, if there were any. */
export function table(title) {
  if (steps.length === 0) return;
  const width = Math.max(...steps.map(([name]) => name.length));
  say(`\n${title}`);
  for (const [name, time, result] of steps.splice(0)) {
    say(`  ${name.padEnd(width)}  ${time.padStart(12)}  ${result === "ok" ? "" : result}`.trimEnd());
  }
}
