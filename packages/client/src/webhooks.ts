export type { Event } from "./description.js";
