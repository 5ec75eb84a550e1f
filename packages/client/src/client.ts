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
 * A client of one Reelay worker. Every method rejects with a `ReelayError`, with the reason of the caller's signal, or with
 * what a framework throws as its control flow, such as Next.js where a page turns out to be dynamic.
 */
export interface Reelay {
  /**
   * Orders a video. An order without a `generationId` gets one, unless there is an `idempotencyKey`, so that the
   * client's own repeats make one job. Give your own if you may call again yourself.
   */
  create(order: Order, options?: CreateOptions): Promise<Created>;
  /** How a generation stands. */
  get(id: string, options?: CallOptions): Promise<Generation>;
  /** The user's generations, newest first, each as of its last change of status. */
  list(filter?: ListFilter, options?: CallOptions): Promise<GenerationPage>;
  /** Ends it at once, waiting or running; `already_ended` once it has ended. */
  cancel(id: string, options?: CallOptions): Promise<Changed>;
  /** A new attempt of a failed or cancelled one, which is paid for again, and so repeated after 429 alone. */
  retry(id: string, options?: CallOptions): Promise<Changed>;
  /** Puts an order that was made with `confirm: true` in line. */
  confirm(id: string, options?: CallOptions): Promise<Changed>;
  /** Gives another prompt for one that the safety filter refused; it may be paid for, and is repeated after 429 alone. */
  clarify(id: string, clarification: Clarification, options?: CallOptions): Promise<Changed>;
  /**
   * What happens to a generation, live, from its first step on or after `lastEventId`. A stream that breaks off is
   * resumed without gap or repeat until the generation has ended; it throws when that fails more often than `maxRetries`
   * in a row.
   */
  events(id: string, options?: EventsOptions): AsyncIterable<GenerationEvent>;
  /**
   * Waits until a generation has completed, failed or was cancelled, or waits for somebody (`pending_confirmation`,
   * `pending_clarification`), and gives it as it stands then. A failed one is no error: look at `status`.
   */
  wait(id: string, options?: WaitOptions): Promise<Generation>;
  /** A signed address of the video, which anyone may load for an hour. */
  videoUrl(id: string, options?: CallOptions): Promise<string>;
  /** The models that can be ordered, with what each takes and costs. */
  models(options?: CallOptions): Promise<Models>;
  /** What a worker that can work says of itself. */
  health(options?: CallOptions): Promise<Health>;
}

/** Makes a client. Throws a `ReelayError` with the code `invalid_option` when an option cannot be worked with. */
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

/** A change of a generation that is asked for by a POST. */
interface Change {
  verb: string;
  /** What a repeat is answered when the first one took effect, but its answer was lost. */
  refusal?: string;
  /** The statuses in which the generation then is. */
  done?: Status[];
  /** Whether it may be paid for, so that it is repeated after 429 alone. */
  mayPay?: boolean;
}

const CANCEL: Change = { verb: "cancel", refusal: "already_ended", done: ["cancelled"] };
const RETRY: Change = { verb: "retry", mayPay: true };
/** One that was cancelled meanwhile may never have been confirmed. */
const CONFIRMED: Status[] = ["queued", "processing", "pending_clarification", "completed", "failed"];
const CONFIRM: Change = { verb: "confirm", refusal: "not_pending_confirmation", done: CONFIRMED };
// Another prompt that was refused too may be given again, and would be one more attempt.
const CLARIFY: Change = { verb: "clarify", mayPay: true };

async function createGeneration(connection: Connection, order: Order, options: CreateOptions): Promise<Created> {
  const { idempotencyKey } = options;
  const minted = order.generationId == null && idempotencyKey === undefined;
  const body = minted ? { ...order, generationId: crypto.randomUUID() } : order;
  const headers: Record<string, string> = idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey };
  // The worker refuses a header and a body that name two users, so the order's own comes before the client's.
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

/** Makes a call, with repeats, whose answer is a JSON object with `field`. */
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
      const message = `The answer is not Reelay's: it has no ${field}. Is the address right?`;
      throw new ReelayError("unexpected_answer", message, { status: response.status });
    });
  return withRetries(connection.maxRetries, options.signal, once, repeat);
}

function generationPath(id: string): string {
  return `/api/generations/${segment(id)}`;
}

/** An id as a part of a path. */
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
