import {
  type Experimental_VideoModelV4CallOptions,
  type Experimental_VideoModelV4File,
  InvalidArgumentError,
  type SharedV4Warning,
} from "@ai-sdk/provider";
import { normalizeHeaders } from "@ai-sdk/provider-utils";
import type { Order } from "@reelay/client";
import { type ImageLoading, type OrderedImage, orderedImage } from "./images.js";
import { type OptionNames, optionNames, RESOLUTIONS } from "./option_names.js";
import { providerOptionsOf } from "./provider_options.js";

/** A call of the SDK, converted to an order. */
export interface PreparedOrder {
  order: Order;
  /** The user of the call; if undefined, the provider's user. */
  userId: string | undefined;
  /** The call's header `idempotency-key`, unless the order has its own id. */
  idempotencyKey: string | undefined;
  /** The options that are ignored. */
  warnings: SharedV4Warning[];
  /** The SDK's names of Reelay's fields in this call. */
  names: OptionNames;
}

/**
 * Converts a call to an order. The same call always gives the same order, so it can be repeated.
 *
 * Throws an `InvalidArgumentError` for a missing prompt, bad provider options or bad images.
 */
export async function prepareOrder(
  modelId: string,
  options: Experimental_VideoModelV4CallOptions & { webhookUrl?: string },
  fetch: typeof globalThis.fetch | undefined,
): Promise<PreparedOrder> {
  const { prompt } = options;
  if (!prompt)
    throw new InvalidArgumentError({
      argument: "prompt",
      message: "Reelay needs a prompt in text, also with an image.",
    });
  const { userId, parameters, negativePrompt, personGeneration, ...own } = providerOptionsOf(options.providerOptions);
  const warnings: SharedV4Warning[] = [];
  const order = {
    ...own,
    prompt,
    model: modelId,
    parameters: {
      ...parameters,
      ...defined({ negativePrompt, personGeneration }),
      ...shapeOf(options, warnings),
      ...defined({ duration: options.duration, seed: options.seed, generateAudio: options.generateAudio }),
      ...(await imagesOf(options, warnings, { fetch, signal: options.abortSignal })),
    },
  };
  const key = own.generationId === undefined ? normalizeHeaders(options.headers)["idempotency-key"] : undefined;
  // The type allows only known models, but an operator may have configured other names.
  const names = optionNames(options, order.parameters.aspectRatio === "9:16");
  return { order: defined(order) as Order, userId, idempotencyKey: key, warnings, names };
}

/** The video's resolution and aspect ratio, and warnings for options that an order cannot have. */
function shapeOf(
  options: Experimental_VideoModelV4CallOptions & { webhookUrl?: string },
  warnings: SharedV4Warning[],
): { resolution?: string; aspectRatio?: string } {
  const ignore = (feature: string, details: string) => warnings.push({ type: "unsupported", feature, details });
  if (options.n > 1) ignore("n", "Reelay makes one video for each call; generateVideo makes several calls.");
  if (options.fps !== undefined) ignore("fps", "The model has its own frame rate.");
  if (options.webhookUrl !== undefined) ignore("webhookUrl", "Reelay sends webhooks to the address in its settings.");
  const shape: { resolution?: string; aspectRatio?: string } = {};
  if (options.resolution !== undefined) {
    const known = RESOLUTIONS[options.resolution];
    if (known) [shape.resolution, shape.aspectRatio] = known;
    else ignore("resolution", `No model has it. Use one of ${Object.keys(RESOLUTIONS).join(", ")}.`);
  }
  if (options.aspectRatio === "adaptive") ignore("aspectRatio", "The model's default replaces adaptive.");
  else if (options.aspectRatio !== undefined) {
    if (shape.aspectRatio !== undefined && shape.aspectRatio !== options.aspectRatio)
      ignore("resolution", `The orientation is changed: aspectRatio is ${options.aspectRatio}.`);
    shape.aspectRatio = options.aspectRatio;
  }
  return shape;
}

async function imagesOf(
  options: Experimental_VideoModelV4CallOptions,
  warnings: SharedV4Warning[],
  loading: ImageLoading,
): Promise<{ image?: OrderedImage; lastFrame?: OrderedImage; referenceImages?: OrderedImage[] }> {
  const frame = (type: string) => options.frameImages?.find(({ frameType }) => frameType === type)?.image;
  const [first, last] = [frame("first_frame") ?? options.image, frame("last_frame")];
  const firstName = frame("first_frame") ? "frameImages" : "prompt.image";
  if (frame("first_frame") && options.image)
    warnings.push({ type: "unsupported", feature: "prompt.image", details: "frameImages has the first frame." });
  const references = (options.inputReferences ?? []).filter((file) => !isVideo(file));
  if (references.length < (options.inputReferences?.length ?? 0))
    warnings.push({ type: "unsupported", feature: "inputReferences", details: "Only images can be references." });
  return defined({
    image: first && (await orderedImage(first, firstName, loading)),
    lastFrame: last && (await orderedImage(last, "frameImages", loading)),
    referenceImages:
      references.length === 0
        ? undefined
        : await Promise.all(references.map((file) => orderedImage(file, "inputReferences", loading))),
  });
}

function isVideo(file: Experimental_VideoModelV4File): boolean {
  return file.mediaType?.startsWith("video/") ?? false;
}

/** The fields that have a value. */
function defined<Fields extends object>(fields: Fields): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  const left = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(left) as { [Name in keyof Fields]: Exclude<Fields[Name], undefined> };
}
