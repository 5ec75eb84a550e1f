// The API's values in words for people.

/** The icon, tone and name of each status. */
export const STATUSES = {
  queued: { icon: "ring", tone: "wait", name: "Queued" },
  processing: { icon: "play", tone: "busy", name: "Processing" },
  completed: { icon: "check", tone: "good", name: "Completed" },
  failed: { icon: "cross", tone: "bad", name: "Failed" },
  cancelled: { icon: "bar", tone: "", name: "Cancelled" },
  pending_clarification: { icon: "question", tone: "wait", name: "Needs another prompt" },
  pending_confirmation: { icon: "question", tone: "wait", name: "To be confirmed" },
  confirmed: { icon: "ring", tone: "wait", name: "Confirmed" },
};

/** The icon, tone and name of each delivery state. */
export const DELIVERY_STATES = {
  pending: { icon: "ring", tone: "wait", name: "Pending" },
  delivered: { icon: "check", tone: "good", name: "Delivered" },
  exhausted: { icon: "cross", tone: "bad", name: "Exhausted" },
};

/** The icon, tone and name of each state of a check. */
export const CHECK_STATES = {
  ok: { icon: "check", tone: "good", name: "OK" },
  failed: { icon: "cross", tone: "bad", name: "Failed" },
  unknown: { icon: "question", tone: "wait", name: "Unknown" },
};

/** The icon, tone and name of each state of a bulk. */
export const BULK_STATES = {
  running: { icon: "play", tone: "busy", name: "Running" },
  stopping: { icon: "ring", tone: "wait", name: "Stopping" },
  stopped: { icon: "bar", tone: "", name: "Stopped" },
  completed: { icon: "check", tone: "good", name: "Completed" },
};

/** Why a generation failed, as the API's code. */
export const ERROR_CODES = [
  "invalid_request",
  "provider_rate_limited",
  "provider_quota_exhausted",
  "provider_unavailable",
  "provider_rejected_content",
  "model_retired",
  "submit_outcome_unknown",
  "deadline_exceeded",
  "storage_failed",
  "internal",
];

const BLOCKED = {
  concurrency: "All slots are taken.",
  user_concurrency: "This user has reached the limit of running jobs.",
  rate_limit: "The limit of submits per minute is reached.",
  upstream_backoff: "The video service is in backoff.",
  start_after: "Its start time is in the future.",
  paused: "An operator has paused it.",
};

const STEPS = {
  created: "Created",
  confirmed: "Confirmed",
  started: "Slot taken",
  submit_intended: "Submitting",
  submitted: "Submitted, rendering",
  submit_refused: "Submit refused",
  submit_answered_late: "Submit's answer was late",
  submit_outcome_unknown: "Submit's outcome is unknown",
  requeued: "Requeued",
  poll_failed: "Poll failed",
  rendered: "Rendered, storing",
  render_failed: "Render failed",
  render_was_over: "Render had already ended",
  stored: "Stored",
  store_failed: "Storing failed",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  retried: "Retried",
  operator_acted: "Operator acted",
  clarification_needed: "Needs another prompt",
  clarified: "Prompt replaced",
  video_deleted: "Video deleted",
  webhook_delivered: "Webhook delivered",
  webhook_failed: "Webhook failed",
  webhook_exhausted: "Webhook exhausted",
  webhook_redelivered: "Webhook sent again",
};

/** Why a generation waits, in a sentence. */
export function blocked(reason) {
  return reason ? (BLOCKED[reason] ?? `Waits: ${plain(reason)}.`) : "Starts when the queue next gives slots.";
}

/** The name of a timeline's step. An unknown step of a newer worker keeps its own word. */
export function stepName(step) {
  return STEPS[step] ?? plain(step);
}

/** The alerts that are firing, in words. @param {{type: string, upstream?: string}[]} alerts */
export function alertNames(alerts) {
  return alerts.map(({ type, upstream }) => (upstream ? `${plain(type)}: ${upstream}` : plain(type))).join(", ");
}

/** A value of the API with spaces and a capital letter. */
export function plain(word) {
  const text = String(word).replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether this status, or step, is terminal. */
export function hasEnded(status) {
  return status === "completed" || status === "failed" || status === "cancelled";
}
