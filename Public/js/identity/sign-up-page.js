// @ts-check

import { el, icon } from "../components/dom.js";
import { form } from "../components/form.js";
import { refusalWords } from "../state/sign-in.js";
import { card, checkPassword, deadLink, emailField, link, links, muted, nameField, newPasswordField, NOTHING_THERE } from "./parts.js";

/** @param {import("./context.js").Context} context */
export function page(context) {
  if (context.config?.sign_up !== "open") {
    return deadLink("By invitation", "This hub takes new people by invitation only. Ask whoever runs it for a link.", link("/sign-in", "Sign in"));
  }
  const element = card("Make an account", muted("Then add a camera: any phone with a browser."),
    signUpForm(context, { 
      done: () => context.navigate("/", { replace: true }), sent: (email) => element.replaceChildren(...lookIntoMailbox(email)),
    }),
    links(el("span", {}, "You have one? ", link("/sign-in", "Sign in"))));
  return element;
}

/**
 * @param {import("./context.js").Context} context
 * @param {{invitation?: string, email?: string, done: () => void, sent: (email: string) => void}} options `sent`: a mail has to be answered first
 */
export function signUpForm({ api, config, signedIn }, { invitation, email: known, done, sent }) {
  const minimum = config?.password_minimum ?? 8;
  return form({
    fields: [emailField(known), newPasswordField(minimum), nameField()], submit: "Make an account", button: "button-primary button-large",
    wordsOf: (error) => refusalWords(error, Date.now()),
    async onsubmit({ email, password, name }) {
      checkPassword(password, minimum);
      const body = { email, password, ...(name ? { name } : {}), ...(invitation ? { invitation } : {}) };
      const answer = await api("/auth/sign-up", { method: "POST", token: null, body });
      if (!answer.access_token) return sent(email);
      await signedIn(answer);
      done();
    },
  });
}

/** @param {string} email */
export const lookIntoMailbox = (email) => [
  el("h1", { text: "Look into your mailbox" }),
  el("p", { role: "status" }, icon("mail"), ` We sent a link to ${email}. Open it, and you are in. It is good for a day.`),
  el("p", { class: "muted small", text: NOTHING_THERE }),
  link("/sign-in", "To the sign-in"),
];
