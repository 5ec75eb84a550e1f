/**
 * The built worker. A wrangler project names `node_modules/@reelay/worker/dist/index.js` as its `main`; import it only
 * to put code of your own before it.
 */

declare class Handlers {
  fetch(request: Request): Promise<Response>;
  scheduled(event: unknown): Promise<void>;
  queue(batch: unknown): Promise<void>;
}
export default Handlers;

/** The Durable Object of one generation. */
export declare class JobManager {
  constructor(state: unknown, env: unknown);
  fetch(request: Request): Promise<Response>;
  alarm(): Promise<void>;
}

/** The Durable Object that decides what starts. */
export declare class QueueManager {
  constructor(state: unknown, env: unknown);
  fetch(request: Request): Promise<Response>;
  alarm(): Promise<void>;
}
