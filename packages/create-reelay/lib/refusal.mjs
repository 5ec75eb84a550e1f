/** What the caller can mend; `message` says how, in one sentence. */
export class Refusal extends Error {}
