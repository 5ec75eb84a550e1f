// Orval's two outputs: functions that call, and schemas that check the answers.

const input = "./openapi.json";

export default {
  fetch: {
    input,
    output: { client: "fetch", target: "./orval/fetch.ts", baseUrl: { runtime: "process.env.REELAY_ORIGIN" } },
  },
  zod: { input, output: { client: "zod", target: "./orval/zod.ts" } },
};
