/** What a package that fetches for itself inside a framework needs, as the client does. */
export { isControlFlow } from "./control_flow.js";
export { noStore } from "./no_store.js";
