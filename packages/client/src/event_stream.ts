import { ReelayError } from "./error.js";

/** One message of an event stream. */
export interface StreamMessage {
  /** The kind; `message` if the stream names none. */
  event: string;
  data: string;
  /** Absent if this message has no id. */
  id?: string;
}

/** In characters, far more than Reelay sends; a longer message is not from Reelay. */
const LONGEST_MESSAGE = 1024 * 1024;

/**
 * Parses an event stream by the HTML standard, in chunks of any size. Lines end with CR, LF or
 * both. Comments, unknown fields and a message without its final empty line are ignored.
 */
export class EventStreamReader {
  #decoder = new TextDecoder();
  #line = "";
  #afterReturn = false;
  #event = "";
  #data: string[] = [];
  #length = 0;
  #id: string | undefined;

  /** The messages that this chunk completes. Throws `unexpected_answer` if one is too long. */
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
      throw new ReelayError("unexpected_answer", "The live events contain a message that is too long to be Reelay's.");
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
