import {
  InvalidArgumentError,
  type SharedV4Warning,
  type Experimental_VideoModelV4CallOptions as VideoModelV4CallOptions,
} from "@ai-sdk/provider";
import type { FetchFunction } from "@ai-sdk/provider-utils";
import type { Order } from "@reelay/client";
import { imageOf, isNoImage, type Loading } from "./image.js";
import type { ReelayVideoProviderOptions } from "./provider_options.js";

type Parameters = NonNullable<Order["parameters"]>;

/** The shorter side in pixels, and what Reelay calls it. */
const RESOLUTIONS: Record<number, string> = { 360: "360p", 720: "720p", 1080: "1080p", 2160: "4k" };

/** What an SDK's call is as an order of Reelay's, with what of it could not be followed. Loads images given by address. */
export async function orderOf(
  modelId: string,
  call: VideoModelV4CallOptions & { webhookUrl?: string | undefined },
  own: ReelayVideoProviderOptions,
  fetch: FetchFunction | undefined,
): Promise<{ order: Order; warnings: SharedV4Warning[] }> {
  const { prompt } = call;
  if (prompt === undefined || prompt.trim() === "")
    throw new InvalidArgumentError({ argument: "prompt", message: "Reelay needs a prompt." });
  const warnings: SharedV4Warning[] = [];
  const ignore = (feature: string, details: string) => warnings.push({ type: "unsupported", feature, details });
  if (call.fps !== undefined) ignore("fps", "The model decides how many frames a second has.");
  if (call.n > 1) ignore("n", "One call makes one video.");
  if (call.webhookUrl) ignore("webhook", "Reelay's webhooks go to the address that the worker is set up with.");
  const parameters = {
    ...own.parameters,
    ...present({ negativePrompt: own.negativePrompt, personGeneration: own.personGeneration }),
    ...present({ duration: call.duration, seed: call.seed, generateAudio: call.generateAudio }),
    ...shapeOf(call, ignore),
    ...(await imagesOf(call, { fetch, abortSignal: call.abortSignal }, ignore)),
  };
  const { userId, provider, priority, metadata, generationId, startAfter, timeoutMs } = own;
  const chosen = present({ userId, provider, priority, metadata, generationId, startAfter, timeoutMs });
  // The worker checks the values and names every bad field; it may know more than this version of the client's types.
  return { order: { ...chosen, prompt, model: modelId, parameters } as Order, warnings };
}

type Ignore = (feature: string, details: string) => void;

function shapeOf({ aspectRatio, resolution }: VideoModelV4CallOptions, ignore: Ignore): object {
  const shape: { aspectRatio?: string; resolution?: string } = {};
  if (aspectRatio === "adaptive") ignore("aspectRatio", "adaptive is not known; the model's default is taken.");
  else if (aspectRatio !== undefined) shape.aspectRatio = aspectRatio;
  if (resolution === undefined) return shape;
  const [width = 0, height = 0] = resolution.split("x").map(Number);
  const name = RESOLUTIONS[Math.min(width, height)];
  if (name === undefined) {
    const known = "640x360, 1280x720, 1920x1080 and 3840x2160";
    ignore("resolution", `${resolution} is not known, the model's default is taken; known are ${known}, also upright.`);
    return shape;
  }
  shape.resolution = name;
  if (width < height && aspectRatio === undefined) shape.aspectRatio = "9:16";
  return shape;
}

async function imagesOf(call: VideoModelV4CallOptions, loading: Loading, ignore: Ignore): Promise<Partial<Parameters>> {
  const frame = (type: string) => call.frameImages?.find(({ frameType }) => frameType === type)?.image;
  const first = frame("first_frame");
  if (first && call.image) ignore("image", "frameImages has a first frame, which is taken.");
  const images: Partial<Parameters> = {};
  const start = first ?? call.image;
  if (start) images.image = await imageOf(start, loading);
  const last = frame("last_frame");
  if (last) images.lastFrame = await imageOf(last, loading);
  const references = call.inputReferences ?? [];
  if (references.some(isNoImage)) ignore("inputReferences", "Only images are taken; the others are left out.");
  const shown = references.filter((file) => !isNoImage(file));
  if (shown.length > 0) images.referenceImages = await Promise.all(shown.map((file) => imageOf(file, loading)));
  return images;
}

/** The fields that have a value. */
function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
