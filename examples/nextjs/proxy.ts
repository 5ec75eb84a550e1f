import { type NextRequest, NextResponse } from "next/server";
import { setting } from "./server/settings";
import { isVisitor, VISITOR_COOKIE } from "./server/visitor";

/** A year, in seconds. */
const YEAR = 365 * 24 * 60 * 60;

/** Gives a new visitor an id, and each page a policy under which only its own scripts run. */
export function proxy(request: NextRequest): NextResponse {
  const known = request.cookies.get(VISITOR_COOKIE)?.value;
  const id = isVisitor(known) ? known : crypto.randomUUID();
  if (id !== known) request.cookies.set(VISITOR_COOKIE, id);
  const policy = policyWith(crypto.randomUUID().replaceAll("-", ""));
  const headers = new Headers(request.headers);
  // Next.js reads the nonce for its scripts from this header.
  headers.set("Content-Security-Policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("Content-Security-Policy", policy);
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Referrer-Policy", "same-origin");
  const secure = request.nextUrl.protocol === "https:";
  if (id !== known) response.cookies.set(VISITOR_COOKIE, id, { httpOnly: true, sameSite: "lax", secure, maxAge: YEAR });
  return response;
}

function policyWith(nonce: string): string {
  const development = process.env.NODE_ENV === "development";
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    `style-src 'self'${development ? " 'unsafe-inline'" : ""}`,
    `media-src 'self' ${new URL(process.env.REELAY_PUBLIC_URL || setting("REELAY_URL")).origin}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** Only the page: paths under /api and /_next need neither. */
export const config = { matcher: "/" };
