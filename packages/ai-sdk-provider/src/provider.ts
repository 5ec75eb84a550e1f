import { NoSuchModelError, type ProviderV4, type Experimental_VideoModelV4 as VideoModelV4 } from "@ai-sdk/provider";
import { type FetchFunction, loadApiKey, loadSetting } from "@ai-sdk/provider-utils";
import { createReelay as createClient, type Reelay } from "@reelay/client";
import { type ReelayVideoModelId, videoModel } from "./video_model.js";

/** Where the worker is, and how it is called. */
export interface ReelayProviderSettings {
  /** The worker's address; `REELAY_URL` of the environment if not said. */
  baseURL?: string | undefined;
  /** The service key, a user's token, or what gives one; `REELAY_API_KEY` of the environment if not said. */
  apiKey?: string | (() => string | Promise<string>) | undefined;
  /** The user who is acted for, which a service key must name, here or in `providerOptions.reelay.userId`. */
  userId?: string | undefined;
  /** Sent with each request. */
  headers?: Record<string, string> | undefined;
  /** Used in place of the platform's `fetch`. */
  fetch?: FetchFunction | undefined;
}

/** Reelay as a provider of the AI SDK: it has video models alone. */
export interface ReelayProvider extends ProviderV4 {
  /** The video model with this id, such as `veo-3.1-generate-001`. */
  video(modelId: ReelayVideoModelId): VideoModelV4;
  /** The same as `video`. */
  videoModel(modelId: ReelayVideoModelId): VideoModelV4;
}

/** Makes a provider. What is missing in its settings is looked up, and told, at the first call. */
export function createReelay(settings: ReelayProviderSettings = {}): ReelayProvider {
  let client: Reelay | undefined;
  const { apiKey, userId, fetch } = settings;
  const connect = () => {
    client ??= createClient({
      baseUrl: addressOf(settings),
      apiKey: typeof apiKey === "function" ? apiKey : () => keyOf(apiKey),
      userId,
      headers: settings.headers,
      fetch,
    });
    return client;
  };
  const video = (modelId: string) =>
    videoModel(modelId, { connect, address: () => addressOf(settings), userId, fetch });
  const none = (modelType: "languageModel" | "embeddingModel" | "imageModel") => (modelId: string) => {
    throw new NoSuchModelError({ modelId, modelType });
  };
  return {
    specificationVersion: "v4",
    video,
    videoModel: video,
    languageModel: none("languageModel"),
    embeddingModel: none("embeddingModel"),
    imageModel: none("imageModel"),
  };
}

/** The provider of the worker at `REELAY_URL` with the key `REELAY_API_KEY`. */
export const reelay: ReelayProvider = createReelay();

function addressOf({ baseURL }: ReelayProviderSettings): string {
  const address = loadSetting({
    settingValue: baseURL,
    settingName: "baseURL",
    environmentVariableName: "REELAY_URL",
    description: "Reelay's address",
  });
  return address.replace(/\/+$/, "");
}

function keyOf(apiKey: string | undefined): string {
  return loadApiKey({ apiKey, environmentVariableName: "REELAY_API_KEY", description: "Reelay" });
}
