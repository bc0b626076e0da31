// @ts-check

import { el } from "../components/dom.js";
import { form } from "../components/form.js";
import { nameField, section } from "./parts.js";

/** @param {import("./context.js").Context} context */
export function profileSection({ api, me, reloadMe }) {
  const saved = el("p", { class: "form-done", role: "status" });
  return section("profile", "Profile",
    el("dl", { class: "facts" }, el("dt", { text: "E-mail" }), el("dd", { text: me?.email })),
    form({
      fields: [nameField(me?.name ?? "")], submit: "Save the name", button: "", after: [saved],
      async onsubmit({ name }) {
        saved.textContent = "";
        await api("/auth/me", { method: "PATCH", body: { name } });
        await reloadMe();
        saved.textContent = "Saved.";
      },
    }));
}
