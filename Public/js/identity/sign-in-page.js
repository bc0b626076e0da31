// @ts-check

import { el, icon } from "../components/dom.js";
import { field, form } from "../components/form.js";
import { cleanCode, noSignIn, refusalWords, signInStep } from "../state/sign-in.js";
import { startOIDC } from "./oidc.js";
import { card, emailField, link, links } from "./parts.js";

/** @typedef {import("./context.js").Context} Context */

/** @param {Context} context */
export function page(context) {
  const { config } = context;
  if (config?.setup_required && !config.dev_login && !config.oidc) return notSetUp();
  // Shown in the place of a page, or at its own address.
  const isOwnPage = location.hash.startsWith("#/sign-in");
  return card("Sign in",
    el("p", { class: "muted identity-lead", text: "An old phone becomes a camera that watches for you. See what it sees." }),
    config?.setup_required && el("p", { class: "notice", text: "This hub has no owner yet. Open the set-up link that it showed when it started." }),
    signInForm(context, { done: () => context.navigate(isOwnPage ? "/" : location.hash.replace(/^#/, "") || "/", { replace: true }) }),
    links(
      config && !config.setup_required && link("/forgot", "Forgot your password?"),
      config?.sign_up === "open" && !config.setup_required && link("/sign-up", "Make an account")),
    config?.sign_up === "invitation" && el("p", { class: "muted small identity-lead", text: "New here? Whoever runs this hub can invite you." }));
}

const notSetUp = () => card("This hub is new",
  el("p", { text: "It has no owner yet. Open the set-up link that it showed in its terminal when it started, or scan the QR code there." }),
  el("p", { class: "muted", text: "The link is not there any more? Start the hub again, and it shows another." }),
  el("a", { class: "button", href: "#/", onclick: () => location.reload() }, icon("again"), "It is set up now"));

/**
 * E-mail and password, then the authenticator's code where there is one.
 * @param {Context} context @param {{email?: string, done: () => void}} options
 * @returns {HTMLElement}
 */
export function signInForm(context, { email: known, done }) {
  const { api, config, signedIn } = context;
  let state = noSignIn;
  const email = emailField(known);
  const isDevelopment = Boolean(config?.dev_login);
  const password = field({
    label: "Password", name: "password", type: "password", autocomplete: "current-password", required: !isDevelopment,
    hint: isDevelopment ? "For development: without a password, the e-mail alone signs you in." : undefined,
  });
  const totp = field({
    label: "Code", name: "totp", autocomplete: "one-time-code", inputmode: "numeric", maxlength: 40,
    hint: "Six digits from your authenticator app, or one of your recovery codes.",
  });
  const explanation = el("p", { text: "Your password is right. Now the code." });
  const back = el("button", { class: "button button-quiet", type: "button", onclick: () => step({ type: "again" }) }, icon("back"), "Back");
  const resend = el("button", { class: "button", type: "button", onclick: () => sendAgain() }, icon("mail"), "Send the mail again");
  const sent = el("p", { role: "status" });

  /** @param {import("../state/sign-in.js").SignInEvent} event */
  function step(event) {
    const before = state.step;
    state = signInStep(state, event);
    const isCode = state.step === "totp";
    element.dataset.step = state.step;
    for (const part of [email, password]) part.element.hidden = isCode;
    for (const part of [totp.element, explanation, back]) part.hidden = !isCode;
    resend.hidden = state.step !== "unverified";
    element.submitButton.textContent = isCode ? "Continue" : "Sign in";
    if (before === state.step) return;
    if (isCode) totp.input.focus();
    else if (before === "totp") totp.input.value = "";
  }

  async function sendAgain() {
    resend.disabled = true;
    await api("/auth/email/resend", { method: "POST", body: { email: state.email }, token: null }).then(
      () => { sent.textContent = "Sent. Look into your mailbox, and at what it takes for spam."; },
      (error) => { sent.textContent = error.message; });
    resend.disabled = false;
  }

  const element = form({
    fields: [email, password, totp], submit: "Sign in", button: "button-primary button-large", children: [explanation], after: [back, resend, sent],
    wordsOf: (error) => refusalWords(error, Date.now()),
    async onsubmit(values) {
      sent.textContent = "";
      try {
        await signedIn(await ask(values));
      } catch (/** @type {any} */ error) {
        step({ type: "refused", code: error.code, email: values.email });
        if (error.code === "totp_required") return;
        throw error;
      }
      done();
    },
  });

  /** @param {Record<string, string>} values */
  function ask(values) {
    if (isDevelopment && !values.password) return api("/auth/dev/login", { method: "POST", body: { email: values.email }, token: null });
    const code = state.step === "totp" ? { totp: cleanCode(values.totp) } : {};
    return api("/auth/sign-in", { method: "POST", body: { email: values.email, password: values.password, ...code }, token: null });
  }

  const other = config?.oidc && el("div", { class: "stack identity-other" },
    el("p", { class: "identity-or muted small", text: "or" }),
    el("button", { class: "button button-large", type: "button", onclick: () => startOIDC().catch(element.fail) },
      `Continue with ${config.oidc.name}`));
  step({ type: "again" });
  return el("div", { class: "stack" }, element, other);
}
