import { type Experimental_VideoModelV4, NoSuchModelError, type ProviderV4 } from "@ai-sdk/provider";
import { loadApiKey, loadSetting } from "@ai-sdk/provider-utils";
import { ReelayVideoModel, type ReelayVideoModelId } from "./video_model.js";
import type { WorkerSettings } from "./worker.js";

/** Where Reelay is and how it is called. */
export interface ReelayProviderSettings {
  /** The worker's address; `REELAY_URL` of the environment if not said. */
  baseURL?: string | undefined;
  /** The service key, a user's JWT or `dev_<user>`, or what gives one; `REELAY_API_KEY` of the environment if not said. */
  apiKey?: string | (() => string | Promise<string>) | undefined;
  /** The user who is acted for, which a service key must name; `providerOptions.reelay.userId` of a call comes first. */
  userId?: string | undefined;
  /** Sent with each request. */
  headers?: Record<string, string> | undefined;
  /** Used in place of the platform's `fetch`, also to load images. */
  fetch?: typeof fetch | undefined;
}

/** Reelay as a provider of the SDK's: video models, and nothing else. */
export interface ReelayProvider extends ProviderV4 {
  /** A model for videos, such as `veo-3.1-generate-001`. */
  video(modelId: ReelayVideoModelId): Experimental_VideoModelV4;
  /** The same; registries ask for it by this name. */
  videoModel(modelId: ReelayVideoModelId): Experimental_VideoModelV4;
}

/** Makes a provider. The environment is read with each call, whose error then says what is missing. */
export function createReelay(settings: ReelayProviderSettings = {}): ReelayProvider {
  const video = (modelId: ReelayVideoModelId) => new ReelayVideoModel(modelId, () => load(settings));
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

/** Reelay where `REELAY_URL` says, with `REELAY_API_KEY`. */
export const reelay: ReelayProvider = createReelay();

function load({ baseURL, apiKey, userId, headers, fetch }: ReelayProviderSettings): WorkerSettings {
  const key = { environmentVariableName: "REELAY_API_KEY", description: "Reelay" };
  return {
    baseURL: loadSetting({
      settingValue: baseURL,
      environmentVariableName: "REELAY_URL",
      settingName: "baseURL",
      description: "Reelay's address",
    }),
    apiKey: typeof apiKey === "function" ? apiKey : loadApiKey({ apiKey, ...key }),
    userId,
    headers,
    fetch,
  };
}
