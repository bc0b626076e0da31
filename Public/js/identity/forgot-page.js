// @ts-check

import { el, icon } from "../components/dom.js";
import { form } from "../components/form.js";
import { refusalWords } from "../state/sign-in.js";
import { card, emailField, link, links, muted, NOTHING_THERE } from "./parts.js";

/** @param {import("./context.js").Context} context */
export function page({ api, config }) {
  if (!config?.mail) {
    return card("Forgotten password",
      el("p", { text: "This hub sends no e-mail. Whoever runs it can give you a link with which you choose a new password." }),
      muted("On the hub’s machine, with your e-mail address:"),
      el("div", { class: "command" }, el("code", { text: "pingwatch user link you@example.org" })),
      link("/sign-in", "To the sign-in"));
  }
  const element = card("Forgotten password",
    muted("We send you a link with which you choose a new one. It is good for half an hour, and once."),
    form({
      fields: [emailField()], submit: "Send me the link", button: "button-primary button-large", wordsOf: (error) => refusalWords(error, Date.now()),
      async onsubmit({ email }) {
        await api("/auth/password/forgot", { method: "POST", body: { email }, token: null });
        element.replaceChildren(
          el("h1", { text: "Look into your mailbox" }),
          // Nobody learns here who has an account.
          el("p", { role: "status" }, icon("mail"), ` If there is an account of ${email}, a link is on its way there. It is good for half an hour.`),
          el("p", { class: "muted small", text: NOTHING_THERE }),
          link("/sign-in", "To the sign-in"));
      },
    }),
    links(link("/sign-in", "To the sign-in")));
  return element;
}
