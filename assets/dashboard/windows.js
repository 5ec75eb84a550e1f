// The periods that the plots offer.

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
 * The windows that the caller may choose. Long ones are for operators and the service key only.
 * @param {import("./session.js").Session["caller"]} caller
 */
export function windowsFor({ kind, operator }) {
  return kind === "user" && !operator ? SHORT : [...SHORT, ...LONG];
}
