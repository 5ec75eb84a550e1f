/**
 * Whether a thrown value is a framework's control flow, which must reach the framework unchanged.
 *
 * Frameworks throw to end or suspend a render: plain values such as promises, responses and
 * redirects, or marked errors. Next.js marks its errors with `digest` or with a `code` that begins
 * with `NEXT_`, React with `$$typeof`. No platform marks a failed request like this.
 */
export function isControlFlow(thrown: unknown): boolean {
  if (!isError(thrown)) return true;
  const { digest, code, $$typeof } = thrown as { digest?: unknown; code?: unknown; $$typeof?: unknown };
  return typeof digest === "string" || typeof $$typeof === "symbol" || /^NEXT_/.test(String(code));
}

/** Whether it is an Error or a DOMException, of any realm. */
function isError(thrown: unknown): thrown is object {
  return thrown instanceof Error || /^\[object (\w*Error|DOMException)\]$/.test(Object.prototype.toString.call(thrown));
}
