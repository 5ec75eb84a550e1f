/**
 * The options that keep a response out of every cache. Next.js 14, for example, caches each `fetch`
 * without them.
 *
 * Empty if the platform refuses the option, as workerd does with a compatibility date before
 * 2024-11-11. It does not cache Reelay's responses anyway.
 */
export function noStore(): RequestInit {
  const init: RequestInit = { cache: "no-store" };
  try {
    new Request("https://reelay.invalid/", init);
    return init;
  } catch {
    return {};
  }
}
