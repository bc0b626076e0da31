// @ts-check
// All about the person who is signed in, as far as it is theirs to change.

import { el } from "../components/dom.js";
import { accountsSection } from "./account-accounts.js";
import { goodbyeSection } from "./account-goodbye.js";
import { passwordSection } from "./account-password.js";
import { profileSection } from "./account-profile.js";
import { sessionsSection } from "./account-sessions.js";
import { totpSection } from "./account-totp.js";

/** @param {import("./context.js").Context} context @returns {Promise<HTMLElement>} */
export async function page(context) {
  const me = await context.reloadMe();
  if (!me) return el("p", { class: "notice", text: "You are not signed in." });
  return el("div", { class: "page" },
    el("header", { class: "page-head" }, el("h1", { text: "Your account" })),
    el("div", { class: "page-columns" },
      el("div", { class: "stack" }, profileSection(context), passwordSection(context), totpSection(context)),
      el("div", { class: "stack" }, sessionsSection(context), accountsSection(context), goodbyeSection(context))));
}
