// @ts-check
// A new password, by the link that was mailed.

import { el } from "../components/dom.js";
import { form } from "../components/form.js";
import { refusalWords } from "../state/sign-in.js";
import { card, checkPassword, deadLink, link, muted, newPasswordField, OPEN_AGAIN } from "./parts.js";

const EXPIRED = "This link was used already, or is older than half an hour. Ask for another.";

/** @param {import("./context.js").Context} context */
export function page({ api, config, me, route }) {
  const token = route.parameter;
  const dead = () => deadLink("The link does not work any more", EXPIRED,
    me ? link("/account", "To your account") : link("/forgot", "Send me another link"));
  if (!token) return deadLink("New password", OPEN_AGAIN, link("/forgot", "Send me another link"));
  const minimum = config?.password_minimum ?? 8;
  const element = card("New password",
    muted("All your devices have to sign in anew with it. Cameras go on."),
    form({
      fields: [newPasswordField(minimum, "New password")], submit: "Save the new password", button: "button-primary button-large",
      wordsOf: (error) => refusalWords(error, Date.now()),
      async onsubmit({ password }) {
        checkPassword(password, minimum);
        try {
          await api("/auth/password/reset", { method: "POST", body: { token, password }, token: null });
        } catch (/** @type {any} */ error) {
          if (error.code !== "link_expired") throw error;
          element.replaceChildren(...dead().children);
          return;
        }
        element.replaceChildren(
          el("h1", { text: "Your password is changed" }), el("p", { role: "status", text: "Sign in with it now." }),
          el("a", { class: "button button-primary button-large", href: "#/sign-in", text: "Sign in" }));
      },
    }));
  return element;
}
