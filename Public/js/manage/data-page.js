// @ts-check
// Taking one's data along, and deleting it.

import { announce, el, icon } from "../components/dom.js";
import { field, form } from "../components/form.js";
import { card, managePage } from "./parts.js";

/** @param {import("../identity/context.js").Context} context @returns {HTMLElement} */
export const page = (context) => managePage({ title: "Your data", lead: "It is yours: take it along, or delete it." }, exportCard(context),
  deletionCard(context), selfCard());

/** @param {import("../identity/context.js").Context} context */
function exportCard(context) {
  const problem = el("p", { class: "event-reason", role: "alert", hidden: true });
  const button = el("button", { class: "button", type: "button" }, icon("download"), el("span", { text: "Export everything" }));
  button.addEventListener("click", async () => {
    button.disabled = true;
    problem.hidden = true;
    try {
      save(await context.apiBlob("/account/export"), fileName(context.me?.account_name ?? "", new Date()));
      announce("The export was saved.");
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      problem.hidden = false;
    }
    button.disabled = false;
    button.focus();
  });
  return card("export-title", "Export", `A JSON file with the people, cameras, settings, events and alerts of this account, and links to all clips,
    which work for an hour.`,
    el("div", {}, button), problem);
}

/** @param {import("../identity/context.js").Context} context */
function deletionCard(context) {
  const account = context.me?.account_name ?? "";
  const name = field({ label: `Type the account's name: ${account}`, name: "name", autocomplete: "off" });
  const password = field({ label: "Your password", name: "password", type: "password", autocomplete: "current-password" });
  const deletion = form({
    fields: context.me?.has_password ? [name, password] : [name], submit: "Delete this account", button: "button-danger",
    onsubmit: async (/** @type {Record<string, string>} */ values) => {
      if (values.name !== account) {
        name.fail(`The name is “${account}”.`);
        return name.input.focus();
      }
      await context.api("/account", { method: "DELETE", body: values });
      context.forgetSession(`The account “${account}” was deleted, with everything that belonged to it.`);
    },
  });
  return card("delete-title", "Delete this account", "",
    el("p", { text: `Its cameras, events, clips, settings, invitations, keys and records are deleted, for all its people, at once and for good.
      Cameras stop.` }), deletion);
}

const selfCard = () => card("self-title", "Delete yourself", "You can also delete only yourself; an account with other people goes on without you.",
  el("div", {}, el("a", { class: "button", href: "#/account" }, "Go to your account")));

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: name });
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {string} account @param {Date} at */
function fileName(account, at) {
  const name = account.replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "") || "account";
  return `ping-watch-${name}-${at.toISOString().slice(0, 10)}.json`;
}
