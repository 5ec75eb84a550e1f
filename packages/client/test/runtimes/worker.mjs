// The client inside a worker without Node's modules. Each path tests one feature and responds with
// the result.

import { createReelay, createWebhookHandler, verifyWebhook } from "@reelay/client";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export default {
  async fetch(request, environment) {
    const { pathname } = new URL(request.url);
    const reelay = createReelay({ baseUrl: "https://reelay.test", apiKey: environment.API_KEY });
    switch (pathname) {
      case "/verify": {
        const code = await verifyWebhook(await request.text(), request.headers, SECRET).then(
          ({ event }) => event,
          ({ code }) => code,
        );
        return Response.json(code);
      }
      case "/webhook":
        return createWebhookHandler({ secrets: SECRET, onCompleted() {} })(request);
      case "/create":
        return Response.json(await reelay.create({ prompt: "A paper boat", generationId: "g1" }));
      case "/knows-cache":
        return Response.json(knowsCache());
      case "/wait": {
        const told = [];
        const { status } = await reelay.wait("g1", { onProgress: ({ progress }) => told.push(progress) });
        return Response.json({ status, told });
      }
      default:
        return new Response("", { status: 404 });
    }
  },
};

/** Whether this platform accepts the option `cache`; throws if it does not. */
function knowsCache() {
  try {
    return new Request("https://reelay.test", { cache: "no-store" }) !== undefined;
  } catch {
    return false;
  }
}
