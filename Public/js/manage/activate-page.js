// @ts-check
// A phone that becomes a camera by an activation code, without anybody who lets it in.

import { el } from "../components/dom.js";
import { field, form } from "../components/form.js";
import { rememberedDevice } from "../sensor/device.js";
import { nameField } from "./name-field.js";

const KEPT = "pingwatch.activation";

/** @param {import("../identity/context.js").Context} context @returns {HTMLElement} */
export function page(context) {
  const given = context.route.parameter || sessionStorage.getItem(KEPT) || "";
  // The code is not in the address any more, and a reload asks for it.
  if (given) sessionStorage.setItem(KEPT, given);
  const name = nameField(rememberedDevice().label);
  const code = field({ label: "Activation code", name: "code", autocomplete: "off", maxlength: 256 });
  code.input.spellcheck = false;
  return el("div", { class: "card stack identity" },
    el("h1", { text: "Make this phone a camera" }),
    el("p", { text: "It joins the account that made the code: its people see its live picture and its clips, and nothing else of this phone." }),
    name.addTo(form({
      fields: given ? [name.field] : [code, name.field],
      submit: "Become a camera",
      onsubmit: async (/** @type {Record<string, string>} */ values) => {
        const admission = await context.api("/activation-codes/redeem",
          { method: "POST", body: { code: given || values.code, label: values.label } });
        sessionStorage.removeItem(KEPT);
        context.becomeCamera(admission);
      },
      wordsOf: (error) => wordsFor(error, given),
      after: [given && el("button", { class: "button button-quiet", type: "button", onclick: () => retype(context) }, "Type another code")],
    })));
}

/** @param {import("../identity/context.js").Context} context */
function retype(context) {
  sessionStorage.removeItem(KEPT);
  context.navigate("/activate");
}

/** @param {any} error @param {string} given */
function wordsFor(error, given) {
  // What cannot be a code is as good as one that is used up.
  if (error.status !== 404 && error.field !== "code") return { field: error.field, words: error.message };
  sessionStorage.removeItem(KEPT);
  const words = "This activation code is not valid: it was typed wrongly, is used up, has expired or was revoked. Ask for another one.";
  return given ? { words } : { field: "code", words };
}
