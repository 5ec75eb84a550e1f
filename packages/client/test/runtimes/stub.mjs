// Acts as a Reelay worker whose only generation ends while it is followed.

let looks = 0;

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (request.headers.get("authorization") !== "Bearer key") return new Response("", { status: 401 });
    if (pathname.endsWith("/events")) return events();
    if (request.method === "POST") {
      const { generationId } = await request.json();
      return Response.json({ success: true, generationId, status: "queued" }, { status: 201 });
    }
    looks += 1;
    const generation = { status: looks === 1 ? "processing" : "completed", phase: "rendering", progress: 5 };
    return Response.json({ success: true, generation });
  },
};

function events() {
  const progress = { status: "processing", phase: "rendering", progress: 60 };
  const text = `event: progress\r\ndata: ${JSON.stringify(progress)}\r\n\r\nevent: end\ndata: {"status":"completed"}\n\n`;
  return new Response(text, { headers: { "Content-Type": "text/event-stream" } });
}
