// What the specs import as "mocha", where mocha is a script of the page.
export const { describe, it, before, after, beforeEach, afterEach } = globalThis;
