// @ts-check
// The link of the first mail was opened: the address is somebody's own.

import { el } from "../components/dom.js";
import { card, deadLink, link, OPEN_AGAIN } from "./parts.js";

/** @param {import("./context.js").Context} context */
export function page({ api, navigate, route, signedIn }) {
  const token = route.parameter;
  if (!token) return deadLink("Confirm your e-mail", OPEN_AGAIN, link("/sign-in", "To the sign-in"));
  // Programs that look through mail open links too: only a press counts.
  const problem = el("p", { class: "form-problem", role: "alert", hidden: true });
  const button = el("button", { class: "button button-primary button-large", type: "button", text: "Confirm and sign in" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await signedIn(await api("/auth/email/verify", { method: "POST", body: { token }, token: null }));
      navigate("/", { replace: true });
    } catch (/** @type {any} */ error) {
      problem.textContent = error.code === "link_expired"
        ? "This link was used already, or is older than a day. Sign in; you are offered another if you need it." : error.message;
      problem.hidden = false;
      button.disabled = false;
    }
  });
  return card("Confirm your e-mail", el("p", { text: "One press, and your account is ready." }), problem, button, link("/sign-in", "To the sign-in"));
}
