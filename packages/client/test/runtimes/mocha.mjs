// The specs import this as "mocha"; mocha itself is a script of the page.
export const { describe, it, before, after, beforeEach, afterEach } = globalThis;
