/** Helpers for packages that call `fetch` inside a framework. */
export { isControlFlow } from "./control_flow.js";
export { noStore } from "./no_store.js";
