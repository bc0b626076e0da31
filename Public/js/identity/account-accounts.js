// @ts-check
// The accounts that one belongs to: each has cameras and people of its own.

import { el, icon } from "../components/dom.js";
import { confirmButton } from "../components/form.js";
import { roleWords } from "../state/identity-words.js";
import { section } from "./parts.js";

/** @param {import("./context.js").Context} context */
export function accountsSection({ api, exchange, forgetSession, me, navigate }) {
  const accounts = me?.accounts ?? [];
  const problem = el("p", { class: "form-problem", role: "alert", hidden: true });

  /** @param {string} account */
  async function change(account) {
    problem.hidden = true;
    try {
      await exchange("/auth/switch", { account_id: account });
      navigate("/");
    } catch (/** @type {any} */ error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  }

  async function leave() {
    const other = accounts.find(({ account_id }) => account_id !== me?.account_id);
    try {
      await api("/account/leave", { method: "POST" });
    } catch (/** @type {any} */ error) {
      if (error.code !== "last_owner") throw error;
      throw new Error("You are its only owner. Make somebody else an owner first, or delete the account under “Your data”.");
    }
    forgetSession(`You left ${me?.account_name || "the account"}.${other ? " Sign in for your other accounts." : ""}`);
  }

  return section("accounts", accounts.length > 1 ? "Accounts you belong to" : "The account you belong to",
    el("ul", { class: "list-plain", "aria-label": "Accounts" }, ...accounts.map(({ account_id, name, role }) => {
      const isThis = account_id === me?.account_id;
      return el("li", { class: "list-row" },
        el("div", {},
          el("p", {}, el("strong", { text: name || "Without a name" }), " ",
            isThis && el("span", { class: "badge", "data-tone": "ok" }, icon("check"), "This one")),
          el("p", { class: "muted small", text: `You are ${roleWords(role).name}.` })),
        !isThis && el("button", {
          class: "button", type: "button", "aria-label": `Switch to ${name}`, text: "Switch", onclick: () => change(account_id),
        }));
    })),
    problem,
    confirmButton({
      text: "Leave this account", yes: "Yes, leave", symbol: "back", onconfirm: leave,
      question: `You do not see the cameras of ${me?.account_name || "this account"} any more, until somebody invites you again.`,
    }));
}
