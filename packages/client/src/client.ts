import { attempt, type Call, readJson } from "./attempt.js";
import { type Connection, connectionOf, invalidOption } from "./connection.js";
import type {
  Changed,
  Clarification,
  Created,
  Generation,
  GenerationPage,
  Health,
  Models,
  Order,
  SignedVideo,
  Status,
} from "./description.js";
import { ReelayError } from "./error.js";
import { followEvents } from "./events.js";
import type {
  CallOptions,
  CreateOptions,
  EventsOptions,
  GenerationEvent,
  ListFilter,
  ReelayOptions,
  WaitOptions,
} from "./options.js";
import { mayRepeat, withRetries } from "./retry.js";
import { waitFor } from "./wait.js";

/**
 * A client of one Reelay worker. Every method rejects with a `ReelayError`, with the reason of the
 * caller's signal, or with a framework's control flow, such as Next.js throws for a dynamic page.
 */
export interface Reelay {
  /**
   * Orders a video. If the order has neither a `generationId` nor an `idempotencyKey`, the client
   * adds an id, so that its own retries create one job. Set your own if you may repeat the call.
   */
  create(order: Order, options?: CreateOptions): Promise<Created>;
  /** Gets a generation. */
  get(id: string, options?: CallOptions): Promise<Generation>;
  /** Lists the user's generations, newest first. Each entry is from its last change of status. */
  list(filter?: ListFilter, options?: CallOptions): Promise<GenerationPage>;
  /** Cancels a waiting or running generation; `already_ended` if it has ended. */
  cancel(id: string, options?: CallOptions): Promise<Changed>;
  /**
   * Starts a new attempt of a failed or cancelled generation. It is paid again, so the client
   * retries this call only after 429.
   */
  retry(id: string, options?: CallOptions): Promise<Changed>;
  /** Confirms an order that was made with `confirm: true`, which then waits in the queue. */
  confirm(id: string, options?: CallOptions): Promise<Changed>;
  /**
   * Sends another prompt for a generation that the safety filter refused. It may be paid, so the
   * client retries this call only after 429.
   */
  clarify(id: string, clarification: Clarification, options?: CallOptions): Promise<Changed>;
  /**
   * The live events of a generation, from its first step or after `lastEventId`, until it ends. A
   * broken stream is resumed without gaps or repeats. Throws after more than `maxRetries` failures
   * in a row.
   */
  events(id: string, options?: EventsOptions): AsyncIterable<GenerationEvent>;
  /**
   * Waits until a generation has ended or needs an action (`pending_confirmation`,
   * `pending_clarification`), and returns it. A failed generation does not reject: check `status`.
   */
  wait(id: string, options?: WaitOptions): Promise<Generation>;
  /** A signed address of the video. It is valid for an hour and needs no token. */
  videoUrl(id: string, options?: CallOptions): Promise<string>;
  /** The available models with their parameters and prices. */
  models(options?: CallOptions): Promise<Models>;
  /** The health of the worker; rejects if the worker is misconfigured. */
  health(options?: CallOptions): Promise<Health>;
}

/** Creates a client. Throws a `ReelayError` with the code `invalid_option` for a bad option. */
export function createReelay(options: ReelayOptions): Reelay {
  const connection = connectionOf(options);
  const get = (id: string, call: CallOptions = {}) => getGeneration(connection, id, call);
  const change = (change: Change, id: string, call: CallOptions = {}, body?: unknown) =>
    changeGeneration(connection, change, id, call, body);
  return {
    create: (order, call = {}) => createGeneration(connection, order, call),
    get,
    list: async (filter = {}, call = {}) => {
      const path = `/api/generations${queryOf(filter)}`;
      return ask<GenerationPage>(connection, { method: "GET", path }, call, "data");
    },
    cancel: (id, call) => change(CANCEL, id, call),
    retry: (id, call) => change(RETRY, id, call),
    confirm: (id, call) => change(CONFIRM, id, call),
    clarify: (id, clarification, call) => change(CLARIFY, id, call, clarification),
    events: (id, call = {}) => followEvents(connection, generationPath(id), call),
    wait: async (id, call = {}) => waitFor(connection, generationPath(id), (options) => get(id, options), call),
    videoUrl: async (id, call = {}) => {
      const path = `/api/storage/videos/${segment(id)}`;
      return (await ask<SignedVideo>(connection, { method: "GET", path }, call, "videoUrl")).videoUrl;
    },
    models: async (call = {}) => {
      const answer = await ask<{ data: Models }>(connection, { method: "GET", path: "/api/models" }, call, "data");
      return answer.data;
    },
    health: (call = {}) => ask<Health>(connection, { method: "GET", path: "/health" }, call, "status"),
  };
}

/** An action that changes a generation. */
interface Change {
  verb: string;
  /** The code that refuses a retry if the first attempt took effect and its response was lost. */
  refusal?: string;
  /** The statuses that a generation may have after this change. */
  done?: Status[];
  /** Whether the action may pay for a render; it is then retried only after 429. */
  mayPay?: boolean;
}

const CANCEL: Change = { verb: "cancel", refusal: "already_ended", done: ["cancelled"] };
const RETRY: Change = { verb: "retry", mayPay: true };
/** `cancelled` is missing: a cancelled generation may never have been confirmed. */
const CONFIRMED: Status[] = ["queued", "processing", "pending_clarification", "completed", "failed"];
const CONFIRM: Change = { verb: "confirm", refusal: "not_pending_confirmation", done: CONFIRMED };
// It has no refusal code: if the new prompt is refused too, a retry would start one more attempt.
const CLARIFY: Change = { verb: "clarify", mayPay: true };

async function createGeneration(connection: Connection, order: Order, options: CreateOptions): Promise<Created> {
  const { idempotencyKey } = options;
  const minted = order.generationId == null && idempotencyKey === undefined;
  const body = minted ? { ...order, generationId: crypto.randomUUID() } : order;
  const headers: Record<string, string> = idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey };
  // The worker refuses two different users in header and body, so the order's user overrides the
  // client's.
  const call = { ...options, userId: options.userId ?? order.userId ?? undefined };
  return ask<Created>(connection, { method: "POST", path: "/api/generations", headers, body }, call, "generationId");
}

async function getGeneration(connection: Connection, id: string, options: CallOptions): Promise<Generation> {
  const call: Call = { method: "GET", path: generationPath(id) };
  return (await ask<{ generation: Generation }>(connection, call, options, "generation")).generation;
}

async function changeGeneration(
  connection: Connection,
  change: Change,
  id: string,
  options: CallOptions,
  body: unknown,
): Promise<Changed> {
  const call: Call = { method: "POST", path: `${generationPath(id)}/${change.verb}`, body };
  let outcomeLost = false;
  const repeat = (error: unknown): error is ReelayError => {
    if (!mayRepeat(error)) return false;
    if (error.status === 429) return true;
    outcomeLost = true;
    return !change.mayPay;
  };
  try {
    return await ask<Changed>(connection, call, options, "generation", repeat);
  } catch (error) {
    if (!outcomeLost || !(error instanceof ReelayError) || error.code !== change.refusal) throw error;
    const generation = await getGeneration(connection, id, options);
    if (!change.done?.includes(generation.status)) throw error;
    const { generationId, status, queuePosition = null } = generation;
    return { success: true, generationId, status, queuePosition, generation };
  }
}

/** Makes a call with retries. Its response must be a JSON object with `field`. */
async function ask<Answer>(
  connection: Connection,
  call: Call,
  options: CallOptions,
  field: keyof Answer & string,
  repeat?: (error: unknown) => error is ReelayError,
): Promise<Answer> {
  const once = () =>
    attempt(connection, call, options, async (response) => {
      const answer = await readJson(response);
      if (answer[field] !== undefined) return answer as Answer;
      const message = `The response is not from Reelay: it has no ${field}. Check the address.`;
      throw new ReelayError("unexpected_answer", message, { status: response.status });
    });
  return withRetries(connection.maxRetries, options.signal, once, repeat);
}

function generationPath(id: string): string {
  return `/api/generations/${segment(id)}`;
}

/** Checks an id that becomes a part of a path. */
function segment(id: string): string {
  if (typeof id !== "string" || !/^[A-Za-z0-9_-]+$/.test(id))
    throw invalidOption("id", "must be a generation's id: letters, digits, _ and -");
  return id;
}

function queryOf(filter: ListFilter): string {
  const query = new URLSearchParams();
  for (const name of ["status", "search", "limit", "after"] as const) {
    const value = filter[name];
    if (value !== undefined && value !== null) query.set(name, String(value));
  }
  return query.size === 0 ? "" : `?${query}`;
}
