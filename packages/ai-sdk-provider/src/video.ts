import type { JSONObject, Experimental_VideoModelV4VideoData as VideoModelV4VideoData } from "@ai-sdk/provider";
import type { FetchFunction } from "@ai-sdk/provider-utils";
import { type Generation, ReelayError } from "@reelay/client";

const MEDIA_TYPE = "video/mp4";

/**
 * The video of a completed generation, by its signed address. One on this very machine is given as bytes, because the
 * SDK refuses to load anything from there.
 */
export async function videoOf(
  generation: Generation,
  fetch: FetchFunction | undefined,
  signal: AbortSignal | undefined,
): Promise<VideoModelV4VideoData> {
  const url = generation.result?.videoUrl;
  if (url === undefined) throw new ReelayError("video_not_found", "The video was deleted.");
  if (!isLoopback(new URL(url).hostname)) return { type: "url", url, mediaType: MEDIA_TYPE };
  return { type: "binary", data: await load(url, fetch ?? globalThis.fetch, signal), mediaType: MEDIA_TYPE };
}

/** How a generation stands, as `providerMetadata.reelay` tells it. */
export function metadataOf(generation: Generation): JSONObject {
  const { generationId, status, phase, progress, queuePosition, errorCode, result } = generation;
  return {
    generationId,
    status,
    phase,
    progress,
    ...(queuePosition !== undefined && { queuePosition }),
    ...(errorCode !== undefined && { errorCode }),
    ...(result && { videos: [{ ...pick(result), cost: generation.cost ?? result.cost }] }),
  };
}

function pick({ duration, fileSize, resolution }: { duration: number; fileSize: number; resolution: string }) {
  return { duration, fileSize, resolution };
}

/** Whether a host is this machine. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || host.startsWith("127.");
}

async function load(url: string, fetch: FetchFunction, signal: AbortSignal | undefined): Promise<Uint8Array> {
  // The address is signed, so no error tells it.
  const failed = (status?: number) =>
    new ReelayError("network_error", "The video could not be loaded from the worker.", { status, retryable: true });
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch {
    signal?.throwIfAborted();
    throw failed();
  }
  await response.body?.cancel();
  throw failed(response.status);
}
