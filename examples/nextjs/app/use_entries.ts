import { useEffect, useState } from "react";
import type { Entry } from "../server/entries";

/** How soon a stream is reopened after the browser gave it up, in milliseconds. */
const AGAIN_MS = 1_000;

/** The current entries, updated by the app's live events, and whether these are connected. */
export function useEntries(initial: Entry[]): { entries: Entry[]; connected: boolean } {
  const [entries, setEntries] = useState(initial);
  const [connected, setConnected] = useState(false);
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const connect = () => {
      const opened = new EventSource("/api/events");
      source = opened;
      opened.onopen = () => setConnected(true);
      opened.onmessage = ({ data }) => {
        const entry: Entry = JSON.parse(data);
        setEntries((known) => withEntry(known, entry));
      };
      opened.onerror = () => {
        setConnected(false);
        // The browser reconnects, except after a response that is not a stream.
        if (opened.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN_MS);
      };
    };
    connect();
    return () => {
      clearTimeout(timer);
      source?.close();
    };
  }, []);
  return { entries, connected };
}

function withEntry(known: Entry[], entry: Entry): Entry[] {
  const found = known.some(({ id }) => id === entry.id);
  return found ? known.map((old) => (old.id === entry.id ? entry : old)) : [...known, entry];
}
