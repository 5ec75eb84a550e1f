import { createWebhookHandler } from "@reelay/client/webhooks";
import type { Transaction } from "../../../../db/database";
import { store, take } from "../../../../server/outcomes";
import { setting } from "../../../../server/settings";

/**
 * Handles the worker's webhooks: verified, once per id, in one transaction with the record of the
 * id.
 */
export const POST = (request: Request): Promise<Response> => handler()(request);

const handler = () =>
  createWebhookHandler<Transaction>({
    secrets: setting("WEBHOOK_SECRET"),
    store,
    onCompleted: (event, { transaction }) => {
      take(event, transaction, { status: "completed", answer: "Here is your video.", videoUrl: event.result.videoUrl });
    },
    onFailed: (event, { transaction }) => {
      take(event, transaction, { status: "failed", reason: event.error, answer: event.error });
    },
    onCancelled: (event, { transaction }) => {
      take(event, transaction, { status: "cancelled", answer: "This video was cancelled." });
    },
    onStarted: (event, { transaction }) => take(event, transaction, { status: "processing" }),
    onProgress: (event, { transaction }) => take(event, transaction, { status: "processing" }),
    onPendingClarification: (event, { transaction }) => {
      take(event, transaction, {
        status: "pending_clarification",
        reason: event.error ?? "The video service needs another prompt.",
      });
    },
  });
