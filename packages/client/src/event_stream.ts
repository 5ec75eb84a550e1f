import { ReelayError } from "./error.js";

/** One message of an event stream. */
export interface StreamMessage {
  /** The kind; `message` when the stream does not say. */
  event: string;
  data: string;
  /** Absent when this message has none of its own. */
  id?: string;
}

/** Far above what Reelay sends; a stream that holds more in one message is something else. */
const LONGEST_MESSAGE = 1024 * 1024;

/**
 * Reads an event stream after the HTML standard, however it is cut into chunks: lines end with CR, LF or both, comments
 * and unknown fields are passed over, and a message that its empty line has not ended does not count.
 */
export class EventStreamReader {
  #decoder = new TextDecoder();
  #line = "";
  #afterReturn = false;
  #event = "";
  #data: string[] = [];
  #length = 0;
  #id: string | undefined;

  /** The messages that this chunk completes. Throws an `unexpected_answer` for one that is too long. */
  read(chunk: Uint8Array): StreamMessage[] {
    const messages: StreamMessage[] = [];
    let text = this.#decoder.decode(chunk, { stream: true });
    if (text === "") return messages;
    if (this.#afterReturn && text.startsWith("\n")) text = text.slice(1);
    this.#afterReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\r|\n/);
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = this.#take(this.#line + line);
      this.#line = "";
      if (message) messages.push(message);
    }
    this.#line += rest;
    if (this.#length + this.#line.length > LONGEST_MESSAGE)
      throw new ReelayError("unexpected_answer", "The live events hold a message that is too long to be Reelay's.");
    return messages;
  }

  #take(line: string): StreamMessage | undefined {
    if (line === "") return this.#complete();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    this.#length += line.length;
    return undefined;
  }

  #complete(): StreamMessage | undefined {
    const message: StreamMessage = { event: this.#event || "message", data: this.#data.join("\n") };
    if (this.#id !== undefined) message.id = this.#id;
    const empty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    this.#length = 0;
    this.#id = undefined;
    return empty ? undefined : message;
  }
}
