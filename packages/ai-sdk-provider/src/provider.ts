import { type Experimental_VideoModelV4, NoSuchModelError, type ProviderV4 } from "@ai-sdk/provider";
import { loadApiKey, loadSetting } from "@ai-sdk/provider-utils";
import { ReelayVideoModel, type ReelayVideoModelId } from "./video_model.js";
import type { WorkerSettings } from "./worker.js";

/** The settings of a provider. */
export interface ReelayProviderSettings {
  /** The worker's address; by default the variable `REELAY_URL`. */
  baseURL?: string | undefined;
  /**
   * The service key, a user's JWT or `dev_<user>`, or a function that returns one; by default the
   * variable `REELAY_API_KEY`.
   */
  apiKey?: string | (() => string | Promise<string>) | undefined;
  /**
   * The user of the calls; required with a service key. A call's `providerOptions.reelay.userId`
   * overrides it.
   */
  userId?: string | undefined;
  /** Sent with each request. */
  headers?: Record<string, string> | undefined;
  /** Replaces the platform's `fetch`, also for images. */
  fetch?: typeof fetch | undefined;
}

/** Reelay as a provider of the SDK. It has only video models. */
export interface ReelayProvider extends ProviderV4 {
  /** A video model, such as `veo-3.1-generate-001`. */
  video(modelId: ReelayVideoModelId): Experimental_VideoModelV4;
  /** The same as `video`; registries call this name. */
  videoModel(modelId: ReelayVideoModelId): Experimental_VideoModelV4;
}

/** Creates a provider. Each call reads the environment, and fails if a setting is missing. */
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

/** The provider that `REELAY_URL` and `REELAY_API_KEY` configure. */
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
