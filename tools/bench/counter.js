// Counts what a running worker uses of the platform, in the units that the platform bills. The
// worker itself is unchanged: an entry wraps its exports.
//
//   import Worker, * as built from "./build/index.js";
//   export default counted(Worker);
//   export const JobManager = countedObject(built.JobManager);
//   export const QueueManager = countedObject(built.QueueManager, "queueMessages");
//
// `GET /__counts` returns the counts of the isolate, in which all objects of a local worker live;
// `DELETE /__counts` sets them to zero.

import { DurableObject } from "cloudflare:workers";

const DOOR = "/__counts";

function zero() {
  return {
    // Invocations of the worker: requests, cron triggers and batches of messages.
    workerRequests: 0,
    // Messages to objects, and alarms that fired.
    objectMessages: 0,
    alarms: 0,
    // Those of the messages that went to the queue's object.
    queueMessages: 0,
    // How long objects were active, in milliseconds.
    activeMs: 0,
    rowsRead: 0,
    // Rows of tables and indexes; the platform bills setting the alarm as one more.
    rowsWritten: 0,
    alarmsSet: 0,
    // Puts, lists and parts; gets and heads. Deletes are free.
    r2ClassA: 0,
    r2ClassB: 0,
    // Messages written, read and deleted.
    queueOperations: 0,
    logLines: 0,
  };
}

let counts = zero();
/** The objects that received a message or an alarm. */
let woken = new Set();
let cursors = [];

/** Adds the rows of all cursors. A cursor knows its rows once the worker has read it. */
function settle() {
  for (const cursor of cursors) {
    counts.rowsRead += cursor.rowsRead;
    counts.rowsWritten += cursor.rowsWritten;
  }
  cursors = [];
}

const wrapped = new WeakSet();

/** Calls `before` after each call of a method, on every object of the same class. */
function watch(object, name, before) {
  const prototype = Object.getPrototypeOf(object);
  const method = prototype[name];
  prototype[name] = function (...given) {
    const result = method.apply(this, given);
    before(result, given);
    return result;
  };
}

for (const level of ["debug", "log", "info", "warn", "error"]) {
  const write = console[level];
  console[level] = (...given) => {
    counts.logLines += 1;
    write.apply(console, given);
  };
}

function once(object, wrap) {
  const prototype = object && Object.getPrototypeOf(object);
  if (!prototype || wrapped.has(prototype)) return;
  wrapped.add(prototype);
  wrap(object);
}

function watchBucket(bucket) {
  const classA = () => {
    counts.r2ClassA += 1;
  };
  for (const name of ["put", "list"]) watch(bucket, name, classA);
  for (const name of ["get", "head"]) {
    watch(bucket, name, () => {
      counts.r2ClassB += 1;
    });
  }
  watch(bucket, "createMultipartUpload", async (result) => {
    counts.r2ClassA += 1;
    const upload = await result;
    once(upload, () => {
      for (const name of ["uploadPart", "complete"]) watch(upload, name, classA);
    });
  });
}

function watchQueue(queue) {
  watch(queue, "send", () => {
    counts.queueOperations += 1;
  });
  watch(queue, "sendBatch", (_result, [messages]) => {
    counts.queueOperations += [...messages].length;
  });
}

function watchStorage(storage) {
  watch(storage, "setAlarm", () => {
    counts.alarmsSet += 1;
  });
  once(storage.sql, () =>
    watch(storage.sql, "exec", (cursor) => {
      cursors.push(cursor);
    }),
  );
}

function watchBindings(env) {
  for (const binding of Object.values(env)) {
    const kind = binding?.constructor?.name;
    if (kind === "R2Bucket") once(binding, watchBucket);
    if (kind === "Queue" || kind === "WorkerQueue") once(binding, watchQueue);
  }
}

/** One read for each message, and one delete for each that is not retried. */
function watchBatch(batch) {
  counts.queueOperations += 2 * batch.messages.length;
  for (const message of batch.messages) {
    once(message, () =>
      watch(message, "retry", () => {
        counts.queueOperations -= 1;
      }),
    );
  }
}

/** Wraps the worker's entry with counting. */
export function counted(Worker) {
  return class extends Worker {
    fetch(request) {
      if (new URL(request.url).pathname === DOOR) {
        settle();
        const told = Response.json({ ...counts, objectsWoken: woken.size });
        if (request.method === "DELETE") {
          counts = zero();
          woken = new Set();
        }
        return told;
      }
      watchBindings(this.env);
      counts.workerRequests += 1;
      return super.fetch(request);
    }

    scheduled(controller) {
      watchBindings(this.env);
      counts.workerRequests += 1;
      return super.scheduled(controller);
    }

    queue(batch) {
      watchBindings(this.env);
      counts.workerRequests += 1;
      watchBatch(batch);
      return super.queue(batch);
    }
  };
}

/** Wraps a class of objects with counting. Its messages are also counted under the name `own`. */
export function countedObject(Inner, own) {
  return class extends DurableObject {
    #inner;
    #underWay = 0;
    #since = 0;

    constructor(state, env) {
      super(state, env);
      watchBindings(env);
      once(state.storage, watchStorage);
      this.#inner = new Inner(state, env);
    }

    async #active(work) {
      woken.add(this.ctx.id.toString());
      if (this.#underWay === 0) this.#since = Date.now();
      this.#underWay += 1;
      try {
        return await work();
      } finally {
        settle();
        this.#underWay -= 1;
        if (this.#underWay === 0) counts.activeMs += Date.now() - this.#since;
      }
    }

    fetch(request) {
      counts.objectMessages += 1;
      if (own) counts[own] += 1;
      return this.#active(() => this.#inner.fetch(request));
    }

    alarm(info) {
      counts.alarms += 1;
      return this.#active(() => this.#inner.alarm(info));
    }
  };
}
