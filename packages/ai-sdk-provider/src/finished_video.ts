import type { Experimental_VideoModelV4VideoData, SharedV4ProviderMetadata } from "@ai-sdk/provider";
import { readResponseWithSizeLimit, validateDownloadUrl } from "@ai-sdk/provider-utils";
import { type CallOptions, type Generation, type Reelay, ReelayError } from "@reelay/client";
import type { WorkerSettings } from "./worker.js";

const MEDIA_TYPE = "video/mp4";

/** A video, and what is told of it. */
export interface FinishedVideo {
  videos: Experimental_VideoModelV4VideoData[];
  providerMetadata: SharedV4ProviderMetadata;
}

/**
 * The video of a completed generation: its signed address, or its bytes where the SDK would refuse to load them from
 * there, as it does from a worker on this machine or in a private net.
 */
export async function finishedVideo(
  client: Reelay,
  settings: WorkerSettings,
  generation: Generation,
  call: CallOptions,
): Promise<FinishedVideo> {
  const { generationId, result } = generation;
  const url = await client.videoUrl(generationId, call);
  const video: Experimental_VideoModelV4VideoData =
    isPrivate(settings.baseURL) && isPrivate(url)
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

/** Whether the SDK's guard against addresses in private nets refuses it. */
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
  try {
    const response = await (given ?? globalThis.fetch)(url, signal ? { signal } : {});
    if (response.ok) return await readResponseWithSizeLimit({ response, url });
  } catch {
    signal?.throwIfAborted();
  }
  throw new ReelayError("network_error", "The video could not be loaded from Reelay.", { retryable: true });
}
