/** Reelay's video models for Vercel's AI SDK. */
export { createReelay, type ReelayProvider, type ReelayProviderSettings, reelay } from "./provider.js";
export type { ReelayVideoProviderOptions } from "./provider_options.js";
export { VERSION } from "./version.js";
export type { ReelayVideoModelId } from "./video_model.js";
