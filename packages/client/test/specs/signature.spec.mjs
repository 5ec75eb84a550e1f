// @ts-check
import { verifyWebhook } from "@reelay/client/webhooks";
import { expect } from "chai";
import { describe, it } from "mocha";
import { Webhook } from "standardwebhooks";
import { bodyOf, headersOf, NOW, OTHER_SECRET, SECRET, signature } from "../lib/webhook.mjs";
import { failureOf } from "../lib/worker.mjs";

const BODY = bodyOf("generation.completed");
const now = { now: NOW };
const seconds = (count) => new Date(NOW.getTime() + count * 1000);

/**
 * The code of the refusal.
 * @param {any} secrets
 * @param {import("@reelay/client/webhooks").VerifyOptions} options
 */
async function refused(body, headers, secrets = SECRET, options = now) {
  const error = await failureOf(verifyWebhook(body, headers, secrets, options));
  expect(error.name).to.equal("ReelayError");
  expect(`${error.stack} ${JSON.stringify(error)}`).not.to.include(SECRET.slice(6));
  return error.code;
}

describe("a webhook's signature", () => {
  it("is the specification's: the published vector verifies, and nothing beside it", async () => {
    // Published by the reference implementations. Its body is not an event of Reelay's, so it is
    // verified and then malformed.
    const body = '{"test": 2432232314}';
    const vector = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const then = { now: new Date(1614265330_000) };
    expect(await refused(body, vector, SECRET, then)).to.equal("malformed_event");
    expect(await refused(body, vector, SECRET.slice("whsec_".length), then)).to.equal("malformed_event");
    expect(await refused(`${body} `, vector, SECRET, then)).to.equal("invalid_signature");
    expect(await refused(body, vector, OTHER_SECRET, then)).to.equal("invalid_signature");
    const altered = ["msg_p5jXN8AQM9LWM0D4loKWxJel", "1614265331", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="];
    for (const [index, name] of Object.keys(vector).entries())
      expect(await refused(body, { ...vector, [name]: altered[index] }, SECRET, then), name).to.equal(
        "invalid_signature",
      );
  });

  it("of the reference implementation verifies, and the event is given", async () => {
    const event = await verifyWebhook(BODY, headersOf(BODY), SECRET, now);
    expect(event).to.deep.equal(JSON.parse(BODY));
  });

  it("verifies over bodies that are not ASCII, byte for byte", async () => {
    const body = bodyOf("generation.failed", { error: "Zürich, 日本, 🎬 and \u0000", metadata: { título: "ñ" } });
    expect((await verifyWebhook(body, headersOf(body), SECRET, now)).metadata).to.deep.equal({ título: "ñ" });
    const decomposed = body.normalize("NFD");
    expect(await refused(decomposed, headersOf(body))).to.equal("invalid_signature");
  });

  it("may be one of several, of which those of other versions and secrets are passed over", async () => {
    const good = signature(BODY);
    const bad = signature(BODY, { secret: OTHER_SECRET });
    const headers = { ...headersOf(BODY), "webhook-signature": `v1a,aaaa ${bad} v2,bbbb  ${good} v1,` };
    expect((await verifyWebhook(BODY, headers, SECRET, now)).generationId).to.equal("g1");
    const other = { ...headers, "webhook-signature": good.replace("v1,", "v1a,") };
    expect(await refused(BODY, other)).to.equal("invalid_signature");
    const late = { ...headers, "webhook-signature": `${`${bad} `.repeat(40)}${good}` };
    expect(await refused(BODY, late)).to.equal("invalid_signature");
  });

  it("may be by any secret of several, in a list or with commas between, while one is replaced", async () => {
    for (const secrets of [`${OTHER_SECRET}, ${SECRET}`, [OTHER_SECRET, SECRET], [SECRET, `${OTHER_SECRET},`]])
      for (const secret of [SECRET, OTHER_SECRET]) await verifyWebhook(BODY, headersOf(BODY, { secret }), secrets, now);
    expect(await refused(BODY, headersOf(BODY), [OTHER_SECRET])).to.equal("invalid_signature");
  });

  it("that the reference implementation refuses is refused", async () => {
    const reference = new Webhook(SECRET);
    const sent = () => headersOf(BODY, { at: new Date() });
    const good = sent()["webhook-signature"] ?? "";
    const forged = [
      good.slice(0, 8),
      "v1,",
      "v1",
      "v1,dawfeoifkpqwoekfpqoekf",
      good.slice(0, -1),
      `${good}=`,
      good.replace("v1,", "V1,"),
      good.replace("v1,", "v1a,"),
      good.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()),
      good.slice(3),
      ` ${good.slice(3)}`,
      good.replace("v1,", "v1, "),
    ];
    for (const value of forged) {
      const headers = { ...sent(), "webhook-signature": value };
      expect(() => reference.verify(BODY, headers), value).to.throw();
      expect(await refused(BODY, headers, SECRET, {}), value).to.equal("invalid_signature");
    }
    const ours = await verifyWebhook(BODY, sent(), SECRET);
    expect(reference.verify(BODY, sent())).to.deep.equal(ours);
  });

  it("must come with all three headers, in whatever case and however the platform has them", async () => {
    const headers = headersOf(BODY);
    for (const name of Object.keys(headers)) {
      for (const value of [undefined, ""])
        expect(await refused(BODY, { ...headers, [name]: value })).to.equal("missing_header");
    }
    const capitals = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    /** @type {any} */
    const foreign = { get: (name) => headers[name] ?? null };
    for (const form of [new Headers(headers), foreign, capitals, lists])
      expect((await verifyWebhook(BODY, form, SECRET, now)).event).to.equal("generation.completed");
  });

  it("must be of these five minutes, or as many seconds as the app says", async () => {
    for (const apart of [300, -300]) await verifyWebhook(BODY, headersOf(BODY, { at: seconds(apart) }), SECRET, now);
    for (const apart of [301, -301, 86_400, -86_400])
      expect(await refused(BODY, headersOf(BODY, { at: seconds(apart) }))).to.equal("stale_timestamp");
    const strict = { ...now, toleranceSeconds: 10 };
    await verifyWebhook(BODY, headersOf(BODY, { at: seconds(10) }), SECRET, strict);
    expect(await refused(BODY, headersOf(BODY, { at: seconds(11) }), SECRET, strict)).to.equal("stale_timestamp");
    for (const timestamp of ["hello", "-1", "1e9", "1767225600.5", " ", "0x10"])
      expect(await refused(BODY, { ...headersOf(BODY), "webhook-timestamp": timestamp })).to.equal("stale_timestamp");
  });

  it("counts the time of the clock where no other is given", async () => {
    await verifyWebhook(BODY, headersOf(BODY, { at: new Date() }), SECRET);
    expect(await refused(BODY, headersOf(BODY, { at: new Date(0) }), SECRET, {})).to.equal("stale_timestamp");
  });

  it("cannot be verified with a secret that is none, which is said without telling it", async () => {
    const short = `whsec_${btoa("short")}`;
    for (const secrets of ["", ",", [], "whsec_", "whsec_not base64!", short, [SECRET, short], null])
      expect(await refused(BODY, headersOf(BODY), secrets)).to.equal("invalid_secret");
  });
});

describe("a signed body", () => {
  it("that is no event of Reelay's is a malformed event", async () => {
    const bodies = [
      "",
      "no JSON",
      "null",
      "[]",
      "7",
      "{}",
      bodyOf("generation.completed", { result: undefined }),
      bodyOf("generation.completed", { result: null }),
      bodyOf("generation.completed", { result: { format: "mp4" } }),
      bodyOf("generation.failed", { errorCode: undefined }),
      bodyOf("generation.failed", { error: undefined }),
      bodyOf("generation.started", { generationId: 1 }),
      bodyOf("generation.started", { sequence: "7" }),
    ];
    for (const body of bodies) expect(await refused(body, headersOf(body)), body).to.equal("malformed_event");
  });

  it("of a kind that is not known yet is given as it came", async () => {
    const body = bodyOf("generation.dreamt", { dream: "a boat" });
    expect(await verifyWebhook(body, headersOf(body), SECRET, now)).to.include({ dream: "a boat" });
  });
});
