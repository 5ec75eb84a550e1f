// Who is signed in. The browser keeps it in this tab only.

const NAME = "reelay-session";

/** @typedef {{token: string, actsFor?: string, caller: {kind: "user"|"service"|"operator", userId?: string, operator: boolean}}} Session */

/** @returns {Session|undefined} */
export function load() {
  try {
    const session = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
    return session?.token && session.caller ? session : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Session} session */
export function save(session) {
  sessionStorage.setItem(NAME, JSON.stringify(session));
}

export function forget() {
  sessionStorage.removeItem(NAME);
}

/** The name of the caller for the bar. @param {Session} session */
export function nameOf({ caller, actsFor }) {
  const name = { user: caller.userId, service: "Service key", operator: "Operator key" }[caller.kind];
  const role = caller.kind === "user" && caller.operator ? `${name} (operator)` : name;
  return actsFor ? `${role}, for ${actsFor}` : role;
}
