import { type Experimental_VideoModelV4File, InvalidArgumentError } from "@ai-sdk/provider";
import { convertToBase64, DownloadError, detectMediaType, downloadBlob } from "@ai-sdk/provider-utils";
import { isControlFlow } from "@reelay/client/frameworks";
import { uncached } from "./worker.js";

/** What one image of an order may have, in bytes. */
const MAX_IMAGE_BYTES = 7 * 1024 * 1024;

/** An image as an order has it. */
export interface OrderedImage {
  mimeType: "image/png" | "image/jpeg";
  /** Base64. */
  data: string;
}

/** How images are loaded. */
export interface ImageLoading {
  fetch: typeof fetch | undefined;
  signal: AbortSignal | undefined;
}

/**
 * An image of a call as an order has it; one that is given by its address is loaded, unless that lies in a private net.
 *
 * Throws an `InvalidArgumentError` for `argument` when it is no PNG or JPEG, has more than 7 MiB, or cannot be loaded.
 * The address is not told: it may be a signed one.
 */
export async function orderedImage(
  file: Experimental_VideoModelV4File,
  argument: string,
  loading: ImageLoading,
): Promise<OrderedImage> {
  const { data, mediaType } = file.type === "file" ? file : await load(file.url, argument, loading);
  const mimeType = mediaType === "image/jpg" ? "image/jpeg" : mediaType;
  if (mimeType !== "image/png" && mimeType !== "image/jpeg")
    throw new InvalidArgumentError({ argument, message: `${argument}: an image for Reelay must be a PNG or a JPEG.` });
  const bytes = typeof data === "string" ? Math.floor((data.replace(/=+$/, "").length * 3) / 4) : data.length;
  if (bytes > MAX_IMAGE_BYTES)
    throw new InvalidArgumentError({ argument, message: `${argument}: an image for Reelay has at most 7 MiB.` });
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
    // What the server says of it may be anything.
    return { data, mediaType: detectMediaType({ data, topLevelType: "image" }) };
  } catch (error) {
    signal?.throwIfAborted();
    const cause = DownloadError.isInstance(error) ? (error.cause ?? error) : error;
    if (isControlFlow(cause)) throw cause;
    const status = DownloadError.isInstance(error) ? error.statusCode : undefined;
    const why = status ? `the answer was HTTP status ${status}` : "it is private, out of reach, or of more than 7 MiB";
    throw new InvalidArgumentError({
      argument,
      message: `${argument}: an image could not be loaded from its address: ${why}.`,
    });
  }
}
