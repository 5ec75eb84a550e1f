import { reelay } from "../../lib/reelay";

/** How many generations a user has; nothing but the client's calls says that it changes. */
export default async function Page() {
  const { data } = await reelay.list({}, { userId: "watched" });
  return <output>{data.length}</output>;
}
