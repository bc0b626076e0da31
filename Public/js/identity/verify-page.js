// @ts-check
// The link of the first mail was opened: the address is somebody's own.

import { field, form } from "../components/form.js";
import { refusalWords } from "../state/sign-in.js";
import { card, deadLink, link, links, muted, OPEN_AGAIN } from "./parts.js";

const EXPIRED = "This link was used already, or is older than a day. Sign in; you are offered another if you need it.";
const NOT_YOURS = "This link is not of a sign-up with this password. If it is yours for sure, look for another mail with a link: "
  + "somebody else may have tried to sign up with your address.";

/** @param {import("./context.js").Context} context */
export function page({ api, navigate, route, signedIn }) {
  const token = route.parameter;
  if (!token) return deadLink("Confirm your e-mail", OPEN_AGAIN, link("/sign-in", "To the sign-in"));
  // Programs that look through mail open links, too: only a press counts. And somebody else may have signed up with this address, whose mail looks
  // the same: the password tells.
  const element = card("Confirm your e-mail",
    muted("Type the password that you chose, and your account is ready."),
    form({
      fields: [field({ label: "Your password", name: "password", type: "password", autocomplete: "current-password" })],
      submit: "Confirm and sign in", button: "button-primary button-large",
      wordsOf: (error) => (error.code === "invalid_credentials" ? { field: "password", words: NOT_YOURS } : refusalWords(error, Date.now())),
      async onsubmit({ password }) {
        try {
          await signedIn(await api("/auth/email/verify", { method: "POST", body: { token, password }, token: null }));
        } catch (/** @type {any} */ error) {
          if (error.code !== "link_expired") throw error;
          element.replaceChildren(...deadLink("The link does not work any more", EXPIRED, link("/sign-in", "To the sign-in")).children);
          return;
        }
        navigate("/", { replace: true });
      },
    }),
    links(link("/sign-in", "To the sign-in")));
  return element;
}
