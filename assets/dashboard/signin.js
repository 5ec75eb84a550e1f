// The sign-in: a token or key, and for a key the user for whom it acts.

import { Api, NoAnswer, Trouble } from "./api.js";
import { h, setAttribute } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {string} why why the user must sign in again, or empty
 * @param {(session: import("./session.js").Session) => void} onSession
 */
export function signIn(why, onSession) {
  const token = h("input", {
    id: "token",
    type: "password",
    autocomplete: "off",
    spellcheck: false,
    required: true,
    attributes: { "aria-describedby": "token-help token-wrong" },
  });
  const user = h("input", {
    id: "acts-for",
    autocomplete: "off",
    spellcheck: false,
    attributes: { "aria-describedby": "acts-for-help acts-for-wrong" },
  });
  const wrong = {
    token: h("p", { id: "token-wrong", className: "wrong", attributes: { role: "alert" } }),
    user: h("p", { id: "acts-for-wrong", className: "wrong", attributes: { role: "alert" } }),
  };
  const button = h("button", { className: "primary" }, "Sign in");
  const complain = (field, input, text) => {
    wrong[field].textContent = text;
    setAttribute(input, "aria-invalid", text !== "");
    if (text) input.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    complain("token", token, "");
    complain("user", user, "");
    button.disabled = true;
    const session = { token: token.value.trim(), actsFor: user.value.trim() || undefined };
    try {
      if (!session.token) return complain("token", token, "Enter a token or a key.");
      const { caller } = await new Api(session).get("/api/whoami");
      if (caller.kind === "service" && !session.actsFor) {
        return complain("user", user, "The service key acts for a user: enter the user's id.");
      }
      return onSession({ ...session, actsFor: caller.kind === "user" ? undefined : session.actsFor, caller });
    } catch (error) {
      return complain("token", token, reason(error));
    } finally {
      button.disabled = false;
    }
  };
  return h(
    "main",
    { id: "content", className: "signin" },
    h(
      "div",
      { className: "panel" },
      h("h1", {}, icon("logo"), "Reelay"),
      why && h("p", { className: "note" }, why),
      h(
        "form",
        { noValidate: true, on: { submit } },
        h(
          "div",
          { className: "field" },
          h("label", { htmlFor: "token" }, "Token or key"),
          token,
          h(
            "small",
            { id: "token-help" },
            "A user's token, the service key or an operator token. The browser keeps it in this tab only.",
          ),
          wrong.token,
        ),
        h(
          "div",
          { className: "field" },
          h("label", { htmlFor: "acts-for" }, "Acts for user"),
          user,
          h(
            "small",
            { id: "acts-for-help" },
            "For a key: the user whose generations you see. Operators see all users' if this is empty.",
          ),
          wrong.user,
        ),
        button,
      ),
    ),
  );
}

function reason(error) {
  if (error instanceof NoAnswer) return error.why || "The worker did not respond. Try again in a moment.";
  if (error instanceof Trouble) return `${error.message} (request ${error.requestId})`;
  return String(error);
}
