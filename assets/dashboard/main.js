// The entry: shows the sign-in, or the pages if someone is signed in.

import { fill } from "./dom.js";
import { forget, load, save } from "./session.js";
import { openShell } from "./shell.js";
import { signIn } from "./signin.js";

const host = document.getElementById("app");
const said = document.getElementById("said");
let shell;

/** Announces a change to screen readers. */
const say = (text) => {
  said.textContent = text;
};

function showSignIn(why) {
  shell?.close();
  shell = undefined;
  forget();
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  document.body.classList.remove("stale");
  document.title = "Sign in · Reelay";
  fill(
    host,
    signIn(why, (session) => {
      save(session);
      showShell(session);
    }),
  );
  document.getElementById("token").focus();
}

function showShell(session) {
  shell = openShell(host, session, say, (why) => showSignIn(why));
}

// The hash is the page's route, so this link cannot use it.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  const content = document.getElementById("content");
  content.tabIndex = -1;
  content.focus();
});

const session = load();
if (session) showShell(session);
else showSignIn("");
