// @ts-check
// The second step of signing in: a code of an authenticator app.

import { el, icon } from "../components/dom.js";
import { copyRow, field, form } from "../components/form.js";
import { qrPicture } from "../components/qr.js";
import { cleanCode, refusalWords } from "../state/sign-in.js";
import { currentPasswordField, wrongPassword } from "./account-password.js";
import { section } from "./parts.js";

const PURPOSE = "With it, your password alone opens nothing: each time you sign in, an app on your phone gives you a code of six digits.";
const KEEP = "Each of them stands in for a code of the app once, should you lose the phone. "
  + "They are shown only now: print them, or put them where you keep passwords.";

/** @param {import("./context.js").Context} context */
export function totpSection(context) {
  const { api, reloadMe } = context;
  const place = el("div", { class: "stack" });

  function off() {
    if (!context.me?.has_password) return show(el("p", { text: "Set a password first. The code is asked for after it." }));
    const start = el("button", { class: "button", type: "button", text: "Set it up", onclick: () => askPassword() });
    show(el("p", { class: "muted", text: PURPOSE }), start);
  }

  function askPassword() {
    show(el("p", { class: "muted", text: PURPOSE }), form({
      fields: [currentPasswordField()], submit: "Continue", button: "button-primary", wordsOf: wrongPassword, after: [cancel()],
      async onsubmit({ current_password }) {
        scan(await api("/auth/totp/start", { method: "POST", body: { password: current_password } }));
      },
    }));
    focusFirst();
  }

  /** @param {{secret: string, uri: string, qr_svg: string}} started */
  function scan({ secret, uri, qr_svg }) {
    const code = field({ label: "Code that the app shows", name: "code", autocomplete: "one-time-code", inputmode: "numeric", maxlength: 20 });
    show(
      el("ol", { class: "steps" },
        el("li", {}, "Open an authenticator app on your phone, such as Aegis, 2FAS or Google Authenticator, and scan this:",
          qrPicture(qr_svg, "QR code for the authenticator app"),
          el("p", { class: "small" }, el("a", { href: uri, text: "Open it in an app of this device" })),
          el("details", { class: "fold" }, el("summary", { text: "It cannot be scanned?" }),
            el("p", { class: "small", text: "Type this key into the app:" }), copyRow(secret, "the key"))),
        el("li", {}, "Type what the app shows then.")),
      form({
        fields: [code], submit: "Switch it on", button: "button-primary", after: [cancel()],
        wordsOf: (error) => (error.code === "invalid_totp" || error.field === "code"
          ? { field: "code", words: "This code is not right. Take the newest one; is the phone's clock right?" } : refusalWords(error, Date.now())),
        async onsubmit({ code: typed }) {
          const { recovery_codes } = await api("/auth/totp/confirm", { method: "POST", body: { code: cleanCode(typed) } });
          keep(recovery_codes);
          await reloadMe();
        },
      }));
    code.input.focus();
  }

  /** @param {string[]} codes */
  function keep(codes) {
    const text = `Ping Watch recovery codes (${location.host})\n\n${codes.join("\n")}\n`;
    const heading = el("h3", { tabindex: "-1", text: "It is on. Keep these recovery codes" });
    show(heading,
      el("p", { text: KEEP }),
      el("ul", { class: "recovery-codes", "aria-label": "Recovery codes" }, ...codes.map((code) => el("li", {}, el("code", { text: code })))),
      el("div", { class: "row" },
        el("a", { class: "button", href: `data:text/plain,${encodeURIComponent(text)}`, download: "ping-watch-recovery-codes.txt" },
          icon("download"), "Save as a file"),
        el("button", { class: "button button-primary", type: "button", onclick: () => on(), text: "I have kept them" })));
    heading.focus();
  }

  function on() {
    show(el("p", {}, el("span", { class: "badge", "data-tone": "ok" }, icon("check"), "On"), " A code of your app is asked for when you sign in."),
      el("button", { class: "button", type: "button", onclick: () => askOff(), text: "Switch it off" }));
  }

  function askOff() {
    show(el("p", { text: "Your password alone opens your account then." }), form({
      fields: [currentPasswordField()], submit: "Switch it off", button: "button-danger", wordsOf: wrongPassword, after: [cancel()],
      async onsubmit({ current_password }) {
        await api("/auth/totp/disable", { method: "POST", body: { password: current_password } });
        await reloadMe();
        off();
      },
    }));
    focusFirst();
  }

  const back = () => (context.me?.totp ? on() : off());
  const cancel = () => el("button", { class: "button button-quiet", type: "button", onclick: back, text: "Cancel" });
  const show = (/** @type {Node[]} */ ...nodes) => place.replaceChildren(...nodes);
  const focusFirst = () => place.querySelector("input")?.focus();
  if (context.me?.totp) on();
  else off();
  return section("totp", "Code at sign-in", place);
}
