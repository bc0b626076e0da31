// @ts-check
// The first person of a hub makes it theirs, by the link that it showed on its terminal.

import { field, form } from "../components/form.js";
import { refusalWords } from "../state/sign-in.js";
import { card, checkPassword, deadLink, emailField, link, muted, nameField, newPasswordField } from "./parts.js";

const NOT_RIGHT = "This set-up link is not the right one. "
  + "Open the whole link that the hub showed in its terminal when it started last, or scan the QR code there.";

/** @param {import("./context.js").Context} context */
export function page({ api, config, navigate, route, signedIn }) {
  if (config && !config.setup_required) return deadLink("Set up already", "This hub has its owner.", link("/", "Go on to the hub"));
  const secret = route.parameter;
  if (!secret) return deadLink("Set up your hub", NOT_RIGHT, link("/", "To the start page"));
  const minimum = config?.password_minimum ?? 8;
  const email = emailField();
  const account = field({
    label: "Name of the place (optional)", name: "account_name", required: false, maxlength: 80, autocomplete: "off", placeholder: "Home",
  });
  return card("Set up your hub",
    muted("You become its owner. Others can be invited later."),
    form({
      fields: [email, newPasswordField(minimum), nameField(), account], submit: "Make it mine", button: "button-primary button-large",
      wordsOf: (error) => (error.code === "not_found" ? { words: NOT_RIGHT } : refusalWords(error, Date.now())),
      async onsubmit({ email, password, name, account_name }) {
        checkPassword(password, minimum);
        await signedIn(await api("/auth/setup", {
          method: "POST", token: null, body: { secret, email, password, ...(name ? { name } : {}), ...(account_name ? { account_name } : {}) },
        }));
        navigate("/", { replace: true });
      },
    }));
}
