/** What the caller can fix; `message` says how, in one sentence. */
export class Refusal extends Error {}
