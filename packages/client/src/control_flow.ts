/**
 * Whether something thrown is a framework's control flow, which must reach the framework as it is.
 *
 * Frameworks throw to end or suspend a render: plain values such as promises, responses and redirects, or errors with a
 * mark. Next.js marks its own by a `digest` or a `code` that begins with `NEXT_`, React by `$$typeof`. No platform marks
 * a failed request like this.
 */
export function isControlFlow(thrown: unknown): boolean {
  if (!isError(thrown)) return true;
  const { digest, code, $$typeof } = thrown as { digest?: unknown; code?: unknown; $$typeof?: unknown };
  return typeof digest === "string" || typeof $$typeof === "symbol" || /^NEXT_/.test(String(code));
}

/** Errors and DOMExceptions, those of another realm too. */
function isError(thrown: unknown): thrown is object {
  return thrown instanceof Error || /^\[object (\w*Error|DOMException)\]$/.test(Object.prototype.toString.call(thrown));
}
