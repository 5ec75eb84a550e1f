import type { Entry } from "../server/entries";
import { ActionButton } from "./action_button";
import { rephrase, sendAgain, stop } from "./actions";
import { PromptForm } from "./prompt_form";

/** The assistant's answer to one prompt; only a recent video is preloaded. */
export function Answer({ entry, recent }: { entry: Entry; recent: boolean }) {
  const { id, status, reason, answer, prompt } = entry;
  switch (status) {
    case "unsent":
      return (
        <div className="answer">
          <p>{reason ?? "Sending …"}</p>
          {reason && <ActionButton action={sendAgain} id={id} label="Try again" />}
        </div>
      );
    case "queued":
    case "processing":
      return <Running entry={entry} />;
    case "pending_clarification":
      return (
        <div className="answer">
          <p>{reason}</p>
          <PromptForm action={rephrase} id={id} label="Another prompt" button="Send it" />
        </div>
      );
    case "completed":
      return (
        <div className="answer">
          <p>{answer}</p>
          {/* biome-ignore lint/a11y/useMediaCaption: a rendered video has no captions. */}
          <video
            controls
            playsInline
            preload={recent ? "metadata" : "none"}
            src={`/api/videos/${id}`}
            aria-label={`Video: ${prompt}`}
          />
        </div>
      );
    case "failed":
    case "cancelled":
      return (
        <div className="answer" data-ended={status}>
          <p>{answer ?? reason}</p>
        </div>
      );
  }
}

function Running({ entry: { id, status, progress, untold } }: { entry: Entry }) {
  if (untold) {
    return (
      <div className="answer">
        <p>It has ended. Waiting for the worker's webhook …</p>
      </div>
    );
  }
  return (
    <div className="answer">
      <p>{status === "queued" ? "Your video waits in the queue." : "Your video is being rendered."}</p>
      {status === "processing" && <progress aria-label="Progress" max={100} value={progress ?? 0} />}
      <ActionButton action={stop} id={id} label="Cancel" />
    </div>
  );
}
