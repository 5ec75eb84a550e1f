// Orval's two clients: functions that call, and schemas that look at what was answered.

const input = "./openapi.json";

export default {
  fetch: {
    input,
    output: { client: "fetch", target: "./orval/fetch.ts", baseUrl: { runtime: "process.env.REELAY_ORIGIN" } },
  },
  zod: { input, output: { client: "zod", target: "./orval/zod.ts" } },
};
