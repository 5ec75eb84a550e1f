// The beginning: who is signed in decides what is shown.

import { fill } from "./dom.js";
import { forget, load, save } from "./session.js";
import { openShell } from "./shell.js";
import { signIn } from "./signin.js";

const host = document.getElementById("app");
const said = document.getElementById("said");
let shell;

/** Tells screen readers of something that changed. */
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

// The hash is the page's own, so the link cannot use one.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  const content = document.getElementById("content");
  content.tabIndex = -1;
  content.focus();
});

const session = load();
if (session) showShell(session);
else showSignIn("");
