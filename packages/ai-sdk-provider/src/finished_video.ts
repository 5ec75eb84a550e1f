import type { Experimental_VideoModelV4VideoData, SharedV4ProviderMetadata } from "@ai-sdk/provider";
import { delay, readResponseWithSizeLimit, validateDownloadUrl } from "@ai-sdk/provider-utils";
import { type CallOptions, type Generation, type Reelay, ReelayError } from "@reelay/client";
import { isControlFlow } from "@reelay/client/frameworks";
import { uncached, type WorkerSettings } from "./worker.js";

const MEDIA_TYPE = "video/mp4";

/** A video with its metadata. */
export interface FinishedVideo {
  videos: Experimental_VideoModelV4VideoData[];
  providerMetadata: SharedV4ProviderMetadata;
}

/** How often a failed download is repeated; the video is already paid. */
const LOADED_AGAIN = 2;
const FIRST_PAUSE_MS = 500;

/**
 * The video of a completed generation: its bytes or its signed address, as `wanted`.
 *
 * The SDK refuses addresses on this machine or in a private network. If the worker is there, the
 * bytes are returned in any case. A worker elsewhere cannot cause a request to such an address.
 */
export async function finishedVideo(
  client: Reelay,
  settings: WorkerSettings,
  generation: Generation,
  call: CallOptions,
  wanted: "bytes" | "address",
): Promise<FinishedVideo> {
  const { generationId, result } = generation;
  const url = await client.videoUrl(generationId, call);
  const loaded = isPrivate(url) ? isPrivate(settings.baseURL) : wanted === "bytes";
  const video: Experimental_VideoModelV4VideoData = loaded
    ? { type: "binary", data: await load(url, settings.fetch, call.signal), mediaType: MEDIA_TYPE }
    : { type: "url", url, mediaType: MEDIA_TYPE };
  const facts = result && {
    duration: result.duration,
    fileSize: result.fileSize,
    resolution: result.resolution,
    cost: result.cost,
  };
  return { videos: [video], providerMetadata: { reelay: { generationId, videos: facts ? [facts] : [] } } };
}

/** Whether the SDK's guard against private addresses refuses it. */
function isPrivate(url: string): boolean {
  try {
    validateDownloadUrl(url);
    return false;
  } catch {
    return true;
  }
}

async function load(
  url: string,
  given: typeof fetch | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  for (let failures = 0; failures <= LOADED_AGAIN; failures += 1) {
    try {
      if (failures > 0) await delay(FIRST_PAUSE_MS * 2 ** failures, signal ? { abortSignal: signal } : {});
      const response = await uncached(given)(url, signal ? { signal } : {});
      if (response.ok) return await readResponseWithSizeLimit({ response, url });
    } catch (error) {
      // The error is dropped, because it may contain the signed address.
      signal?.throwIfAborted();
      if (isControlFlow(error)) throw error;
    }
  }
  throw new ReelayError("network_error", "The video could not be loaded from Reelay.", { retryable: true });
}
