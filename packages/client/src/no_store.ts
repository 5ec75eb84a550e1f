/**
 * What keeps an answer out of every cache: Next.js 14, for one, caches each `fetch` that does not say no.
 *
 * Empty where the platform refuses the option. workerd did before its compatibility date of 2024-11-11, and caches no
 * answer of Reelay's by itself.
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
