// @ts-check
// Leaving an account that goes on without one.

import { el } from "../components/dom.js";
import { confirmButton } from "../components/form.js";

/**
 * @param {import("../identity/context.js").Context} context
 * @param {{isLastOwner: boolean, isAlone?: boolean}} facts `isAlone`: nobody else is in the account
 * @returns {HTMLElement}
 */
export function leaveButton(context, { isLastOwner, isAlone = false }) {
  if (isAlone) return el("p", { class: "muted small" }, "Nobody else is in this account. You can ", el("a", { href: "#/data", text: "delete it" }), ".");
  if (isLastOwner) return el("p", { class: "muted small", text: "You are its only owner. Make somebody else an owner before you leave." });
  return confirmButton({
    text: "Leave this account", question: `Leave “${context.me?.account_name}”? You no longer see its cameras and events; only an invitation brings you back.`, yes: "Yes, leave",
    onconfirm: async () => {
      await context.api("/account/leave", { method: "POST" });
      await goOn(context);
    },
  });
}

/** To another account of the person, if there is one. @param {import("../identity/context.js").Context} context */
async function goOn(context) {
  const next = context.me?.accounts?.find((/** @type {any} */ account) => account.account_id !== context.me?.account_id);
  if (next) {
    try {
      await context.signedIn(await context.api("/auth/switch", { method: "POST", body: { account_id: next.account_id } }));
      return context.navigate("/");
    } catch {
      // Where the sign-in went with the membership one signs in again.
    }
  }
  context.forgetSession("You have left the account.");
}
