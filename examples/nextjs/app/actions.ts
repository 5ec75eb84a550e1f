"use server";

import { cancel, clarify, keep, send } from "../server/orders";
import { visitor } from "../server/visitor";

/** The result of an action: a sentence for the user if it failed. */
export interface Said {
  problem?: string | undefined;
}

const SHORTEST = 3;
const LONGEST = 5_000;
const ID = /^[0-9a-f-]{36}$/;
const STRANGER: Said = { problem: "Your visitor id is missing. Please reload the page." };

/** Stores a prompt and orders its video. The form sets the id: a form sent twice is one order. */
export async function order(form: FormData): Promise<Said> {
  const userId = await visitor();
  if (!userId) return STRANGER;
  const prompt = promptOf(form);
  if (typeof prompt !== "string") return prompt;
  const id = idOf(form);
  if (!ID.test(id)) return STRANGER;
  keep(userId, id, prompt);
  await send(userId, id);
  return {};
}

/** Repeats an order that may not have arrived; this never makes a second video. */
export async function sendAgain(form: FormData): Promise<Said> {
  const userId = await visitor();
  if (!userId) return STRANGER;
  await send(userId, idOf(form));
  return {};
}

/** Cancels a video that waits or is being rendered. */
export async function stop(form: FormData): Promise<Said> {
  const userId = await visitor();
  if (!userId) return STRANGER;
  return { problem: await cancel(userId, idOf(form)) };
}

/** Sends another prompt after the first one was refused. */
export async function rephrase(form: FormData): Promise<Said> {
  const userId = await visitor();
  if (!userId) return STRANGER;
  const prompt = promptOf(form);
  if (typeof prompt !== "string") return prompt;
  return { problem: await clarify(userId, idOf(form), prompt) };
}

function promptOf(form: FormData): string | Said {
  const prompt = String(form.get("prompt") ?? "").trim();
  const length = [...prompt].length;
  if (length < SHORTEST) return { problem: `Please describe your video in at least ${SHORTEST} characters.` };
  if (length > LONGEST) return { problem: `Please use at most ${LONGEST} characters, not ${length}.` };
  return prompt;
}

const idOf = (form: FormData): string => String(form.get("id") ?? "");
