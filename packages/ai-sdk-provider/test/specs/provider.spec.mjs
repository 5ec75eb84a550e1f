// @ts-check
import { readFileSync } from "node:fs";
import { createReelay, reelay, VERSION } from "@reelay/ai-sdk-provider";
import { createProviderRegistry } from "ai";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { created, failureOf } from "../../../client/test/lib/worker.mjs";
import { API_KEY, BASE_URL, callOptions, MODEL, providerWith } from "../lib/provider.mjs";

describe("the provider", () => {
  /** @type {Record<string, string | undefined>} */
  let before;
  beforeEach(() => {
    before = { ...process.env };
    delete process.env.REELAY_URL;
    delete process.env.REELAY_API_KEY;
  });
  afterEach(() => {
    process.env = before;
  });

  it("has video models of the fourth specification, and no others", () => {
    const model = reelay.video(MODEL);
    expect(model).to.include({ specificationVersion: "v4", modelId: MODEL, maxVideosPerCall: 1 });
    for (const kind of /** @type {const} */ (["languageModel", "embeddingModel", "imageModel"]))
      expect(() => reelay[kind]("m"), kind).to.throw(`No such ${kind}: m`);
  });

  it("can stand in a registry", () => {
    const registry = createProviderRegistry({ reelay });
    expect(registry.videoModel(`reelay:${MODEL}`)).to.include({ modelId: MODEL, provider: "reelay.video" });
  });

  it("reads the address and the key from the environment when a call needs them", async () => {
    const { fetch } = globalThis;
    /** @type {any[]} */
    const asked = [];
    globalThis.fetch = /** @type {any} */ (
      async (url, init) => {
        asked.push({ url, ...init });
        return created({ ...init, body: JSON.parse(init.body) });
      }
    );
    try {
      const model = /** @type {any} */ (reelay.video(MODEL));
      expect((await failureOf(model.doStart(callOptions()))).message).to.contain("REELAY_URL");
      process.env.REELAY_URL = `${BASE_URL}/`;
      expect((await failureOf(model.doStart(callOptions()))).message).to.contain("REELAY_API_KEY");
      process.env.REELAY_API_KEY = API_KEY;
      await model.doStart(callOptions());
    } finally {
      globalThis.fetch = fetch;
    }
    expect(asked.map(({ url }) => url)).to.deep.equal([`${BASE_URL}/api/generations`]);
    expect(asked[0].headers.get("authorization")).to.equal(`Bearer ${API_KEY}`);
  });

  it("asks a function for the key, and sends the headers of the provider and of the call", async () => {
    const { model, asked } = providerWith([created], { apiKey: async () => "fresh", headers: { "X-Provider": "1" } });
    await model.doStart(callOptions({ headers: { "X-Call": "2", "X-None": undefined, "user-agent": "ai/7" } }));
    const headers = asked[0]?.headers;
    expect(headers?.get("authorization")).to.equal("Bearer fresh");
    expect([headers?.get("x-provider"), headers?.get("x-call"), headers?.has("x-none")]).to.deep.equal([
      "1",
      "2",
      false,
    ]);
    expect(headers?.get("user-agent")).to.match(new RegExp(`^ai/7 ai-sdk-reelay/${VERSION} `));
  });

  it("tells settings that cannot be worked with, without their values", async () => {
    const model = /** @type {any} */ (
      createReelay({ baseURL: "https://user:secret@reelay.test", apiKey: API_KEY }).video(MODEL)
    );
    for (const call of ["doStart", "doGenerate"]) {
      const error = await failureOf(model[call](callOptions()));
      expect(error.name).to.equal("AI_InvalidArgumentError");
      expect(`${error.message} ${JSON.stringify(error)}`).not.to.contain("secret");
    }
  });

  it("says which SDK it needs: the one it is tested with, and no older one", () => {
    const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
    const { version } = read("../../../../node_modules/ai/package.json");
    expect(read("../../package.json").peerDependencies.ai).to.equal(`^${version}`);
    expect(version).to.match(/^7\./);
  });

  it("calls a bad setting by its own name", async () => {
    const model = /** @type {any} */ (createReelay({ baseURL: "reelay.test", apiKey: API_KEY }).video(MODEL));
    expect((await failureOf(model.doStart(callOptions()))).message).to.match(/option baseURL must be/);
  });

  it("says the version that it is published as", () => {
    const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    expect(JSON.parse(manifest).version).to.equal(VERSION);
  });
});
