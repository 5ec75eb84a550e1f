import { entriesOf } from "../server/entries";
import { visitor } from "../server/visitor";
import { Chat } from "./chat";

export default async function Page() {
  const userId = await visitor();
  return <Chat initial={userId ? entriesOf(userId) : []} />;
}
