// @ts-check
// Somebody was invited to an account: who is signed in accepts, who has no account makes one by it.

import { el } from "../components/dom.js";
import { form } from "../components/form.js";
import { roleWords } from "../state/identity-words.js";
import { card, deadLink, link, muted, OPEN_AGAIN } from "./parts.js";
import { signInForm } from "./sign-in-page.js";
import { lookIntoMailbox, signUpForm } from "./sign-up-page.js";

/** @param {import("./context.js").Context} context @returns {Promise<HTMLElement>} */
export async function page(context) {
  const { api, route } = context;
  const secret = route.parameter;
  if (!secret) return deadLink("Invitation", OPEN_AGAIN, link("/", "To the start page"));
  try {
    const invitation = await api("/auth/invitations/look", { method: "POST", body: { secret }, token: null });
    return invitationCard(context, secret, invitation);
  } catch (/** @type {any} */ error) {
    if (error.code === "unreachable") throw error;
    const words = error.code === "link_expired"
      ? "This invitation was used already, was taken back, or is older than a week. Ask who invited you for another." : error.message;
    return deadLink("The invitation does not work any more", words, link("/", "To the start page"));
  }
}

/**
 * @param {import("./context.js").Context} context @param {string} secret
 * @param {{account_name: string, role: string, email: string|null, invited_by: string|null}} invitation
 */
function invitationCard(context, secret, { account_name, role, email, invited_by }) {
  const { name, may } = roleWords(role);
  const element = card(`Join “${account_name}”`, el("p", { text: `${invited_by || "Somebody"} invites you to be ${name}: you ${may}.` }));
  const place = el("div", { class: "stack" });
  element.append(place);
  const joined = () => context.navigate("/", { replace: true });
  const accept = async () => {
    await context.exchange("/auth/invitations/accept", { secret });
    joined();
  };

  function ask() {
    const { me } = context;
    if (!me) return signUp();
    place.replaceChildren(
      form({ fields: [], submit: `Join as ${me.email}`, button: "button-primary button-large", onsubmit: accept }),
      choice("Somebody else?", "Sign in as another person", signIn));
  }
  function signUp() {
    place.replaceChildren(
      muted("Make an account with which you sign in."),
      signUpForm(context, {
        invitation: secret, email: email ?? undefined, done: joined, sent: (address) => element.replaceChildren(...lookIntoMailbox(address)),
      }),
      choice("You have an account on this hub?", "Sign in and join", signIn));
  }
  function signIn() {
    const problem = el("p", { class: "form-problem", role: "alert" });
    place.replaceChildren(
      muted("Sign in with the account that you have. Then you join."),
      signInForm(context, { email: email ?? undefined, done: () => accept().catch((error) => { problem.textContent = error.message; }) }), problem,
      choice("No account yet?", "Make one", signUp));
    place.querySelector("input")?.focus();
  }
  ask();
  return element;
}

/** @param {string} question @param {string} answer @param {() => void} choose */
const choice = (question, answer, choose) => el("p", { class: "identity-links" }, el("span", {}, `${question} `,
  el("button", { class: "link", type: "button", onclick: choose, text: answer })));
