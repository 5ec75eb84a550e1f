// The client that hey-api generates from the description, on the running worker: order, poll,
// list, cancel, and be refused.

import assert from "node:assert/strict";
import { cancelGeneration, createGeneration, getGeneration, listGenerations } from "./hey";
import { client } from "./hey/client.gen";

const { REELAY_ORIGIN, REELAY_TOKEN, REELAY_PIXEL } = process.env;
assert(REELAY_ORIGIN && REELAY_TOKEN && REELAY_PIXEL);
client.setConfig({ baseUrl: REELAY_ORIGIN, auth: REELAY_TOKEN });

const startAfter = new Date(Date.now() + 86_400_000).toISOString();
const image = { mimeType: "image/png" as const, data: REELAY_PIXEL };
const created = await createGeneration({
  body: {
    prompt: "A paper boat on a calm lake",
    model: "veo-3.1-generate-001",
    parameters: { duration: 8, resolution: "720p", negativePrompt: null, image, conversationId: "c_1" },
    metadata: { by: "hey-api" },
    startAfter,
  },
  throwOnError: true,
});
assert.equal(created.response.status, 201);
const { generationId } = created.data;
const path = { id: generationId };

const { generation } = (await getGeneration({ path, throwOnError: true })).data;
assert.equal(generation.status, "queued");
assert.equal(generation.blockedBy, "start_after");
assert.deepEqual(generation.metadata, { by: "hey-api" });
assert.equal(generation.parameters.conversationId, "c_1");

const page = (await listGenerations({ query: { status: "queued", limit: 5 }, throwOnError: true })).data;
assert.deepEqual(
  page.data.map(({ id }) => id),
  [generationId],
);
assert.equal(page.nextCursor, null);

const cancelled = (await cancelGeneration({ path, throwOnError: true })).data;
assert.equal(cancelled.status, "cancelled");
const again = await cancelGeneration({ path });
assert.equal(again.response?.status, 409);
assert.equal(again.error?.code, "already_ended");

const refused = await createGeneration({ body: { prompt: "ab" } });
assert.equal(refused.response?.status, 400);
assert.equal(refused.error?.errors?.[0]?.pointer, "/prompt");
console.log("hey-api: ordered, looked, listed, cancelled, refused");
