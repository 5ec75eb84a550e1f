/** What the caller can fix; `message` says how. */
export class Refusal extends Error {}
