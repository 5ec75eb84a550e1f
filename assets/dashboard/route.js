// The address's hash is the route, so links, Back and Forward work.

/** @typedef {{page: "overview"|"job"|"deliveries"|"controls"|"setup", user?: string, id?: string, query: URLSearchParams}} Route */

/** @param {string} hash @returns {Route|undefined} nothing if the hash is not a route */
export function readRoute(hash) {
  if (hash !== "" && !hash.startsWith("#/")) return undefined;
  const [path, query = ""] = hash.slice(2).split("?");
  const parts = path.split("/").map(decode);
  const rest = { query: new URLSearchParams(query) };
  if (parts[0] === "job" && parts[1] && parts[2]) return { page: "job", user: parts[1], id: parts[2], ...rest };
  if (["deliveries", "controls", "setup"].includes(parts[0])) return { page: parts[0], ...rest };
  return { page: "overview", ...rest };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string} user @param {string} id */
export function jobRoute(user, id) {
  return `#/job/${encodeURIComponent(user)}/${encodeURIComponent(id)}`;
}

/** The route of a list; empty filters are left out. @param {string} page @param {Record<string, string|undefined>} filters */
export function listRoute(page, filters) {
  const given = Object.entries(filters).filter(([, value]) => value);
  const query = new URLSearchParams(given).toString();
  return `#/${page}${query ? `?${query}` : ""}`;
}
