// @ts-check

import { el } from "../components/dom.js";
import { api, setSession } from "../net/api.js";

/** @param {() => void} onSignedIn */
export function signInView(onSignedIn) {
  const email = el("input", { type: "email", name: "email", required: true, autocomplete: "email", placeholder: "you@example.org" });
  const problem = el("p", { class: "event-reason", role: "alert", hidden: true });
  const button = el("button", { class: "button button-primary button-large", text: "Sign in" });
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    problem.hidden = true;
    try {
      const answer = await api("/auth/dev/login", { method: "POST", body: { email: email.value.trim() } });
      setSession({ token: answer.access_token, user_id: answer.user_id, email: email.value.trim(), expires_at: answer.expires_at });
      onSignedIn();
    } catch (error) {
      const { status, message } = /** @type {any} */ (error);
      problem.textContent = status === 404 ? "This hub does not allow signing in by e-mail alone. Its administrator sets AUTH_DEV_LOGIN_ENABLED=true on a trusted network." : message;
      problem.hidden = false;
      button.disabled = false;
    }
  };
  return el(
    "form", { class: "card stack sign-in", onsubmit: submit },
    el("h1", { text: "Sign in" }),
    el("p", { class: "muted", text: "An old phone becomes a camera that watches for you. Sign in with the same e-mail on both." }),
    el("label", { class: "field" }, el("span", { text: "E-mail" }), email),
    problem,
    button,
  );
}
