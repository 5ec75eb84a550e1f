"use server";

import { cancel, clarify, keep, send } from "../server/orders";
import { visitor } from "../server/visitor";

/** What an action says when it could not be done: a sentence for the user. */
export interface Said {
  problem?: string | undefined;
}

const SHORTEST = 3;
const LONGEST = 5_000;
const ID = /^[0-9a-f-]{36}$/;
const STRANGER: Said = { problem: "Open the page again, please: it does not know you yet." };

/** Keeps a prompt and orders its video. Its id is the form's, so that a form that is sent twice is one order. */
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

/** Sends an order again that may not have arrived; it never makes a second video. */
export async function sendAgain(form: FormData): Promise<Said> {
  const userId = await visitor();
  if (!userId) return STRANGER;
  await send(userId, idOf(form));
  return {};
}

/** Cancels a video that waits or is being made. */
export async function stop(form: FormData): Promise<Said> {
  const userId = await visitor();
  if (!userId) return STRANGER;
  return { problem: await cancel(userId, idOf(form)) };
}

/** Gives another prompt where the first one was refused. */
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
  if (length > LONGEST) return { problem: `Please keep to ${LONGEST} characters; these are ${length}.` };
  return prompt;
}

const idOf = (form: FormData): string => String(form.get("id") ?? "");
