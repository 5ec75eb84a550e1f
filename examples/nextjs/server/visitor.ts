import { cookies } from "next/headers";

/** The cookie that identifies a visitor. A real app has its own sign-in here. */
export const VISITOR_COOKIE = "visitor";

const VISITOR = /^[0-9a-f-]{36}$/;

/** Whether a cookie's value has the form that this app generates. */
export const isVisitor = (value: string | undefined): value is string => value !== undefined && VISITOR.test(value);

/** The visitor's id; undefined without the cookie, which `proxy.ts` sets at the first visit. */
export async function visitor(): Promise<string | undefined> {
  const value = (await cookies()).get(VISITOR_COOKIE)?.value;
  return isVisitor(value) ? value : undefined;
}
