// @ts-check

import { el } from "../components/dom.js";
import { field, form } from "../components/form.js";
import { refusalWords } from "../state/sign-in.js";
import { checkPassword, newPasswordField, section } from "./parts.js";

/** The password that one has, asked again before something that matters. @param {string} [label] */
export const currentPasswordField = (label = "Your password now") =>
  field({ label, name: "current_password", type: "password", autocomplete: "current-password" });

/** At the field of the password that was asked for. @param {any} error */
export const wrongPassword = (error) => (error.code === "invalid_credentials" || error.field === "password" || error.field === "current_password"
  ? { field: "current_password", words: error.code === "invalid_credentials" ? "This is not your password." : error.message }
  : refusalWords(error, Date.now()));

/** @param {import("./context.js").Context} context */
export function passwordSection({ api, config, me, reloadMe }) {
  const minimum = config?.password_minimum ?? 8;
  const had = Boolean(me?.has_password);
  const done = el("p", { class: "form-done", role: "status" });
  const element = form({
    fields: [...(had ? [currentPasswordField()] : []), newPasswordField(minimum, "New password")],
    // For what keeps passwords.
    children: [el("input", { type: "email", autocomplete: "username", value: me?.email, readonly: true, hidden: true, "aria-hidden": "true" })],
    submit: had ? "Change the password" : "Set a password", button: "", after: [done],
    wordsOf: (error) => (error.code === "invalid_credentials" || error.field === "current_password" ? wrongPassword(error)
      : error.field === "new_password" ? { field: "password", words: error.message } : refusalWords(error, Date.now())),
    async onsubmit({ current_password, password }) {
      done.textContent = "";
      checkPassword(password, minimum);
      await api("/auth/password", { method: "POST", body: { new_password: password, ...(had ? { current_password } : {}) } });
      element.reset();
      done.textContent = "Changed. Whoever was signed in as you elsewhere has to sign in anew.";
      await reloadMe();
    },
  });
  return section("password", "Password",
    el("p", {
      class: "muted small",
      text: had ? "A change signs you out everywhere else. Cameras go on."
        : "You sign in without one. With a password you can sign in by e-mail as well.",
    }),
    element);
}
