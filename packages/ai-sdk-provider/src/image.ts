import { InvalidArgumentError, type Experimental_VideoModelV4File as VideoModelV4File } from "@ai-sdk/provider";
import { convertUint8ArrayToBase64, detectMediaType, downloadBlob, type FetchFunction } from "@ai-sdk/provider-utils";
import type { Order } from "@reelay/client";

/** An image as an order holds it. */
export type OrderedImage = NonNullable<NonNullable<Order["parameters"]>["image"]>;

/** The bytes of an image that is given by its address. With two of them an order stays below the worker's limit. */
const MAX_IMAGE_BYTES = 7 * 1024 * 1024;

/** How an image is loaded that is given by its address. */
export interface Loading {
  fetch: FetchFunction | undefined;
  abortSignal: AbortSignal | undefined;
}

/** An image with its bytes; one that is given by its address is loaded, from public hosts alone. */
export async function imageOf(file: VideoModelV4File, loading: Loading): Promise<OrderedImage> {
  if (file.type === "file") return ordered(file.data, file.mediaType);
  const blob = await load(file.url, loading);
  return ordered(new Uint8Array(await blob.arrayBuffer()), file.mediaType ?? blob.type);
}

/** Whether a file is said to be something else than an image. */
export function isNoImage(file: VideoModelV4File): boolean {
  return file.mediaType !== undefined && !file.mediaType.startsWith("image");
}

function ordered(data: string | Uint8Array, said: string): OrderedImage {
  const mimeType = detectMediaType({ data, topLevelType: "image" }) ?? said;
  const base64 = typeof data === "string" ? data : convertUint8ArrayToBase64(data);
  // The worker refuses what is neither PNG nor JPEG, and names the field.
  return { mimeType, data: base64 } as OrderedImage;
}

async function load(url: string, { fetch, abortSignal }: Loading): Promise<Blob> {
  try {
    return await downloadBlob(url, {
      maxBytes: MAX_IMAGE_BYTES,
      ...(fetch && { fetch }),
      ...(abortSignal && { abortSignal }),
    });
  } catch {
    abortSignal?.throwIfAborted();
    // Neither the address nor the cause, which quotes it, is told: it may be a signed one.
    const message = "An image could not be loaded from its address, is not on a public host, or is larger than 7 MiB.";
    throw new InvalidArgumentError({ argument: "image", message });
  }
}
