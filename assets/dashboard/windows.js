// Over how long the plots may look.

const SHORT = [
  ["15m", "15 min"],
  ["1h", "1 h"],
  ["6h", "6 h"],
];
const LONG = [
  ["24h", "24 h"],
  ["7d", "7 d"],
];

/**
 * What can be chosen: the worker answers long windows to operators and the service key only.
 * @param {import("./session.js").Session["caller"]} caller
 */
export function windowsFor({ kind, operator }) {
  return kind === "user" && !operator ? SHORT : [...SHORT, ...LONG];
}
