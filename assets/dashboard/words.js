// The API's words in words for people.

/** Each status with its shape, its tone and its name. */
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

/** How a webhook's delivery stands. */
export const DELIVERY_STATES = {
  pending: { icon: "ring", tone: "wait", name: "Pending" },
  delivered: { icon: "check", tone: "good", name: "Delivered" },
  exhausted: { icon: "cross", tone: "bad", name: "Exhausted" },
};

const BLOCKED = {
  concurrency: "All slots are taken.",
  user_concurrency: "This user already has as many running as one user may.",
  rate_limit: "As many renders as allowed were asked for within this minute.",
  upstream_backoff: "The video service takes no orders for now.",
  start_after: "It was ordered for later.",
  paused: "The queue is paused.",
};

const STEPS = {
  created: "Ordered",
  confirmed: "Confirmed",
  started: "Slot taken",
  submit_intended: "Submitting",
  submitted: "Submitted, rendering",
  submit_refused: "Submit refused",
  submit_answered_late: "Submit answered late",
  submit_outcome_unknown: "Submit's outcome unknown",
  requeued: "Back in line",
  poll_failed: "A look at the render failed",
  rendered: "Rendered, storing",
  render_failed: "Render failed",
  render_was_over: "Render was over",
  stored: "Stored",
  store_failed: "Storing failed",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  retried: "Asked for again",
  clarification_needed: "Needs another prompt",
  clarified: "Given another prompt",
  video_deleted: "Video deleted",
  webhook_delivered: "Webhook delivered",
  webhook_failed: "Webhook failed",
  webhook_exhausted: "Webhook given up",
  webhook_redelivered: "Webhook sent again",
};

/** Why a generation waits, as a sentence. */
export function blocked(reason) {
  return reason ? (BLOCKED[reason] ?? `Waits: ${plain(reason)}.`) : "Waits for the next occasion to start.";
}

/** A step of a timeline; steps of newer workers in their own word. */
export function stepName(step) {
  return STEPS[step] ?? plain(step);
}

/** A word of the API as a beginning of a sentence. */
export function plain(word) {
  const text = String(word).replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether nothing more can happen to an attempt of this status. */
export function hasEnded(status) {
  return status === "completed" || status === "failed" || status === "cancelled";
}
