// A second process that did not start the video: prints the status of the operation in its
// argument, as JSON.

import { reelay } from "@reelay/ai-sdk-provider";
import { experimental_getVideoStatus as getVideoStatus } from "ai";

const [, , model, operation] = process.argv;
const {
  response: _,
  videos = [],
  ...told
} = await getVideoStatus(reelay.video(model), {
  operation: JSON.parse(operation),
});
console.log(JSON.stringify({ ...told, videos: videos.map(({ type, data }) => ({ type, bytes: data.length })) }));
