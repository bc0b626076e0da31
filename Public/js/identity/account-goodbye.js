// @ts-check

import { el, icon } from "../components/dom.js";
import { form } from "../components/form.js";
import { currentPasswordField, wrongPassword } from "./account-password.js";
import { section } from "./parts.js";

const WHAT = "You are taken out of all accounts, and nothing is kept of you. "
  + "An account in which you are alone is deleted with its cameras, events and clips.";
const OWNS = "You are the only owner of an account with other people in it. "
  + "Make one of them an owner first, or delete that account under “Your data”.";

/** @param {import("./context.js").Context} context */
export function goodbyeSection({ api, forgetSession, me }) {
  const place = el("div", { class: "stack" });
  const ask = el("button", { class: "button button-danger", type: "button", onclick: () => confirm() }, icon("delete"), "Delete me…");
  const first = () => place.replaceChildren(ask);

  function confirm() {
    const password = me?.has_password ? currentPasswordField() : null;
    const cancel = () => {
      first();
      ask.focus();
    };
    const element = form({
      fields: password ? [password] : [], submit: "Delete me for good", button: "button-danger", class: "stack confirm",
      children: [el("p", { text: "This cannot be undone." })],
      after: [el("button", { class: "button", type: "button", onclick: cancel, text: "Cancel" })],
      wordsOf: (error) => (error.code === "owns_account" ? { words: OWNS } : wrongPassword(error)),
      async onsubmit({ current_password }) {
        await api("/auth/me", { method: "DELETE", body: password ? { password: current_password } : {} });
        forgetSession("You are deleted. Nothing of you is left on this hub.");
      },
    });
    place.replaceChildren(element);
    (password?.input ?? element.submitButton).focus();
  }

  first();
  return section("goodbye", "Delete me", el("p", { class: "muted", text: WHAT }), place);
}
