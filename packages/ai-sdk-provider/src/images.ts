import { type Experimental_VideoModelV4File, InvalidArgumentError } from "@ai-sdk/provider";
import { convertToBase64, DownloadError, detectMediaType, downloadBlob } from "@ai-sdk/provider-utils";
import { isControlFlow } from "@reelay/client/frameworks";
import { uncached } from "./worker.js";

/** The maximum size of an image, in bytes. */
const MAX_IMAGE_BYTES = 7 * 1024 * 1024;

/** An image of an order. */
export interface OrderedImage {
  mimeType: "image/png" | "image/jpeg";
  /** Base64. */
  data: string;
}

/** How to load images. */
export interface ImageLoading {
  fetch: typeof fetch | undefined;
  signal: AbortSignal | undefined;
}

/**
 * Converts an image of a call to an image of an order. An image given as an address is loaded,
 * unless the address is private.
 *
 * Throws an `InvalidArgumentError` for `argument` if it is not a PNG or JPEG, is larger than 7 MiB,
 * or cannot be loaded. The error does not contain the address, which may be signed.
 */
export async function orderedImage(
  file: Experimental_VideoModelV4File,
  argument: string,
  loading: ImageLoading,
): Promise<OrderedImage> {
  const { data, mediaType } = file.type === "file" ? file : await load(file.url, argument, loading);
  const mimeType = mediaType === "image/jpg" ? "image/jpeg" : mediaType;
  if (mimeType !== "image/png" && mimeType !== "image/jpeg")
    throw new InvalidArgumentError({ argument, message: `${argument}: an image must be a PNG or a JPEG.` });
  const bytes = typeof data === "string" ? Math.floor((data.replace(/=+$/, "").length * 3) / 4) : data.length;
  if (bytes > MAX_IMAGE_BYTES)
    throw new InvalidArgumentError({ argument, message: `${argument}: an image must be at most 7 MiB.` });
  return { mimeType, data: convertToBase64(data) };
}

async function load(
  url: string,
  argument: string,
  { fetch, signal }: ImageLoading,
): Promise<{ data: Uint8Array; mediaType: string | undefined }> {
  try {
    const options = { maxBytes: MAX_IMAGE_BYTES, fetch: uncached(fetch), ...(signal && { abortSignal: signal }) };
    const data = new Uint8Array(await (await downloadBlob(url, options)).arrayBuffer());
    // The server's Content-Type may be wrong, so the bytes decide.
    return { data, mediaType: detectMediaType({ data, topLevelType: "image" }) };
  } catch (error) {
    signal?.throwIfAborted();
    const cause = DownloadError.isInstance(error) ? (error.cause ?? error) : error;
    if (isControlFlow(cause)) throw cause;
    const status = DownloadError.isInstance(error) ? error.statusCode : undefined;
    const why = status ? `the server sent HTTP status ${status}` : "it is private, unreachable, or over 7 MiB";
    throw new InvalidArgumentError({
      argument,
      message: `${argument}: an image could not be loaded from its address: ${why}.`,
    });
  }
}
