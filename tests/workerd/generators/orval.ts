// The client that orval generates from the description, on the running worker: order, poll, list,
// cancel, and be refused. Its schemas check what is sent and answered.

import assert from "node:assert/strict";
import { cancelGeneration, createGeneration, getGeneration, listGenerations } from "./orval/fetch";
import {
  CancelGenerationResponse,
  CreateGenerationBody,
  CreateGenerationResponse,
  GetGenerationResponse,
  ListGenerationsResponse,
} from "./orval/zod";

const { REELAY_ORIGIN, REELAY_TOKEN, REELAY_PIXEL } = process.env;
assert(REELAY_ORIGIN && REELAY_TOKEN && REELAY_PIXEL);
const options = { headers: { Authorization: `Bearer ${REELAY_TOKEN}` } };

const startAfter = new Date(Date.now() + 86_400_000).toISOString();
const image = { mimeType: "image/png" as const, data: REELAY_PIXEL };
const order = CreateGenerationBody.parse({
  prompt: "A paper boat on a calm lake",
  model: "veo-3.1-generate-001",
  parameters: { duration: 8, resolution: "720p", negativePrompt: null, image },
  metadata: { by: "orval" },
  startAfter,
});
const created = await createGeneration(order, {}, options);
assert(created.status === 201, JSON.stringify(created.data));
const { generationId } = CreateGenerationResponse.parse(created.data);

const got = await getGeneration(generationId, {}, options);
assert(got.status === 200);
assert.equal(got.data.generation.status, "queued");
assert.equal(GetGenerationResponse.parse(got.data).generation.blockedBy, "start_after");
assert.deepEqual(got.data.generation.metadata, { by: "orval" });

const page = await listGenerations({ status: "queued", limit: 5 }, options);
assert(page.status === 200);
assert.deepEqual(
  ListGenerationsResponse.parse(page.data).data.map(({ id }) => id),
  [generationId],
);

const cancelled = await cancelGeneration(generationId, {}, options);
assert(cancelled.status === 200);
assert.equal(CancelGenerationResponse.parse(cancelled.data).status, "cancelled");
const again = await cancelGeneration(generationId, {}, options);
assert(again.status === 409);
assert.equal(again.data.code, "already_ended");

assert(!CreateGenerationBody.safeParse({ prompt: "ab" }).success);
const refused = await createGeneration({ prompt: "ab" }, {}, options);
assert(refused.status === 400);
assert.equal(refused.data.errors?.[0]?.pointer, "/prompt");
console.log("orval: ordered, looked, listed, cancelled, refused");
