import { cookies } from "next/headers";

/** The cookie that says who somebody is. A real app has its own sign-in here. */
export const VISITOR_COOKIE = "visitor";

const VISITOR = /^[0-9a-f-]{36}$/;

/** Whether a cookie's value is one that this app makes. */
export const isVisitor = (value: string | undefined): value is string => value !== undefined && VISITOR.test(value);

/** The id of whoever asks; undefined without the cookie, which `proxy.ts` sets at the first visit. */
export async function visitor(): Promise<string | undefined> {
  const value = (await cookies()).get(VISITOR_COOKIE)?.value;
  return isVisitor(value) ? value : undefined;
}
