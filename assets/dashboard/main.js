// The entry: shows the sign-in, or the pages if someone is signed in. While settings are wrong, it
// shows which ones.

import { fill } from "./dom.js";
import { misconfiguredPage, wrongSettings } from "./misconfigured.js";
import { forget, load, save } from "./session.js";
import { openShell } from "./shell.js";
import { signIn } from "./signin.js";

const host = document.getElementById("app");
const said = document.getElementById("said");
let shell;
let isMisconfigured = false;

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
  shell = openShell(host, session, say, { onSignedOut: showSignIn, onMisconfigured: showMisconfigured });
}

/** Shows what is wrong instead of a page that cannot work. Who is signed in stays so. */
function showMisconfigured(errors) {
  // Requests that were in progress report it too.
  if (isMisconfigured) return;
  isMisconfigured = true;
  shell?.close();
  shell = undefined;
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  document.body.classList.remove("stale");
  document.title = "Misconfigured · Reelay";
  fill(host, misconfiguredPage(errors, open));
  document.getElementById("content").focus();
}

function open() {
  isMisconfigured = false;
  const session = load();
  if (session) showShell(session);
  else showSignIn("");
}

// The hash is the page's route, so this link cannot use it.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  const content = document.getElementById("content");
  content.tabIndex = -1;
  content.focus();
});

open();
const wrong = await wrongSettings().catch(() => []);
if (wrong.length > 0) showMisconfigured(wrong);
