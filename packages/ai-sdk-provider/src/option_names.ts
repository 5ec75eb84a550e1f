import type { Experimental_VideoModelV4CallOptions } from "@ai-sdk/provider";
import type { FieldProblem } from "@reelay/client";

/** A problem of an order, with the SDK's name of the option. */
export interface OptionProblem extends FieldProblem {
  /** The caller's option, such as `resolution` or `providerOptions.reelay.priority`. */
  option: string;
}

/** The SDK's option for each field of an order. */
const OPTIONS: Record<string, string> = {
  prompt: "prompt",
  model: "model",
  duration: "duration",
  aspectRatio: "aspectRatio",
  resolution: "resolution",
  seed: "seed",
  generateAudio: "generateAudio",
  lastFrame: "frameImages",
  referenceImages: "inputReferences",
  "Idempotency-Key": 'headers["idempotency-key"]',
  "X-User-Id": "providerOptions.reelay.userId",
};
/** Fields of the order's parameters that are separate provider options. */
const OWN = ["negativePrompt", "personGeneration"];

/** Converts a problem of an order to a problem of the SDK's options. */
export type OptionNames = (problem: FieldProblem) => OptionProblem;

/** The names for one call. `upright` chooses the orientation of sizes. */
export function optionNames(options: Experimental_VideoModelV4CallOptions, upright: boolean): OptionNames {
  const reelay = Object(options.providerOptions.reelay) as { parameters?: object };
  const parameters = Object(reelay.parameters) as Record<string, unknown>;
  const image = options.frameImages?.some(({ frameType }) => frameType === "first_frame")
    ? "frameImages"
    : "prompt.image";
  const nameOf = (pointer: string): string => {
    const [field = "", ...rest] = pointer.replace(/^\/(parameters\/)?/, "").split("/");
    const below = rest.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join("");
    const called = field === "image" ? image : OPTIONS[field];
    const set = (options as unknown as Record<string, unknown>)[called?.split(".")[0] ?? ""] !== undefined;
    if (field in parameters && !set) return `providerOptions.reelay.parameters.${field}${below}`;
    // The provider made the parts of an image, so the caller does not know their names.
    if (called !== undefined)
      return `${called}${field === "referenceImages" ? (below.match(/^\[\d+\]/)?.[0] ?? "") : ""}`;
    const inside = pointer.startsWith("/parameters/") && !OWN.includes(field) ? "parameters." : "";
    return `providerOptions.reelay.${inside}${field}${below}`;
  };
  return ({ pointer, detail }) => {
    const option = nameOf(pointer);
    return { option, pointer, detail: inWordsOfTheSdk(detail, option === "resolution", image, upright) };
  };
}

/** Replaces Reelay's names in a sentence by the SDK's. */
export function inWordsOfTheSdk(text: string, sizes = false, image = "prompt.image", upright = false): string {
  const words = text
    .replace(/\?userId= or X-User-Id/g, "providerOptions.reelay.userId, or userId in createReelay")
    .replace(/\bimage and lastFrame\b/g, "two frameImages")
    .replace(/\bgo with image\b/g, `go with ${image}`)
    .replace(/\blastFrame\b/g, "the last frame of frameImages")
    .replace(/\breferenceImages\b/g, "inputReferences")
    .replace(/(?<![\w.])(generationId|idempotencyKey)\b/g, "providerOptions.reelay.$1")
    .replace(/\boption baseUrl\b/g, "option baseURL");
  return sizes ? words.replace(/\b(360p|720p|1080p|4k)\b/g, (name) => sizeOf(name, upright) ?? name) : words;
}

/** The resolution and the aspect ratio of each size. */
export const RESOLUTIONS: Record<string, [name: string, aspectRatio: string]> = {
  "640x360": ["360p", "16:9"],
  "360x640": ["360p", "9:16"],
  "1280x720": ["720p", "16:9"],
  "720x1280": ["720p", "9:16"],
  "1920x1080": ["1080p", "16:9"],
  "1080x1920": ["1080p", "9:16"],
  "3840x2160": ["4k", "16:9"],
  "2160x3840": ["4k", "9:16"],
};

function sizeOf(name: string, upright: boolean): string | undefined {
  const lies = upright ? "9:16" : "16:9";
  return Object.keys(RESOLUTIONS).find((size) => RESOLUTIONS[size]?.join() === `${name},${lies}`);
}
