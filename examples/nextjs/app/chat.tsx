"use client";

import { useEffect, useRef } from "react";
import type { Entry } from "../server/entries";
import { order } from "./actions";
import { Answer } from "./answer";
import { PromptForm } from "./prompt_form";
import { useEntries } from "./use_entries";

/** How many videos the browser preloads: each one requests an address from the worker. */
const RECENT = 20;

/** The whole chat of one user. */
export function Chat({ initial }: { initial: Entry[] }) {
  const { entries, connected } = useEntries(initial);
  const end = useRef<HTMLDivElement>(null);
  const count = entries.length;
  useEffect(() => {
    if (count > 0) end.current?.scrollIntoView({ block: "end" });
  }, [count]);
  return (
    <main>
      <header>
        <h1>Videos by chat</h1>
        <p role="status">{connected ? "" : "Connecting …"}</p>
      </header>
      <ol className="entries">
        {entries.map((entry, index) => (
          <li key={entry.id} data-status={entry.status}>
            <p className="prompt">{entry.prompt}</p>
            <Answer entry={entry} recent={index >= count - RECENT} />
          </li>
        ))}
      </ol>
      {entries.length === 0 && <p className="empty">Write what you want to see. The video appears here.</p>}
      <div ref={end} />
      <PromptForm action={order} label="What do you want to see?" button="Make a video" />
    </main>
  );
}
