import { ReelayError } from "@reelay/client";
import { own } from "../../../../server/orders";
import { visitor } from "../../../../server/visitor";
import { worker } from "../../../../server/worker";

/**
 * Redirects to a freshly signed address of the video, so that an old chat plays as long as the
 * video is stored.
 */
export async function GET(_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const { id } = await params;
  const userId = await visitor();
  if (!userId || !own(userId, id)) return new Response("There is no such video.", { status: 404 });
  try {
    const Location = await worker().videoUrl(id, { userId });
    return new Response(null, { status: 302, headers: { Location, "Cache-Control": "no-store" } });
  } catch (error) {
    if (!(error instanceof ReelayError)) throw error;
    return new Response(error.message, { status: error.status ?? 502 });
  }
}
