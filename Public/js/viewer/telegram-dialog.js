// @ts-check
// Connects a Telegram chat to a camera.

import { announce, el, icon } from "../components/dom.js";
import { api } from "../net/api.js";

const POLL_MS = 2000;

/** @param {Record<string, any>} device */
export function openTelegramDialog(device) {
  const body = el("div", { class: "stack" }, el("p", { class: "muted", text: "Asking the hub…" }));
  const dialog = el(
    "dialog", { "aria-labelledby": "telegram-title" },
    el("div", { class: "stack" }, el("h2", { id: "telegram-title", text: `Alerts of “${device.label}” by Telegram` }), body, el("form", { method: "dialog", class: "row" }, el("button", { class: "button", text: "Close" }))),
  );
  const abort = new AbortController();
  dialog.addEventListener("close", () => {
    abort.abort();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  show(body, device.device_id, abort.signal).catch((error) => {
    if (!abort.signal.aborted) body.replaceChildren(el("p", { class: "event-reason", role: "alert", text: error.message }));
  });
}

/** @param {HTMLElement} body @param {string} deviceId @param {AbortSignal} signal */
async function show(body, deviceId, signal) {
  const readiness = await api(`/notifications/telegram/readiness?device_id=${encodeURIComponent(deviceId)}`, { signal });
  if (readiness.status === "not_configured") {
    body.replaceChildren(el("p", { text: "This hub has no Telegram bot yet. Its administrator sets TELEGRAM_BOT_TOKEN, with the token that @BotFather gives, and starts it again." }));
  } else if (readiness.status === "ready") {
    body.replaceChildren(
      el("p", {}, el("span", { class: "badge", "data-tone": "ok" }, icon("check"), "Telegram connected"), " Alerts of this camera arrive in your chat."),
      el("p", {}, el("button", { class: "button", type: "button", onclick: () => link(body, deviceId, signal) }, "Connect another chat")),
    );
  } else {
    await link(body, deviceId, signal);
  }
}

/** @param {HTMLElement} body @param {string} deviceId @param {AbortSignal} signal */
async function link(body, deviceId, signal) {
  const started = await api("/notifications/telegram/link/start", { method: "POST", body: { device_id: deviceId }, signal });
  const remaining = el("p", { class: "muted small" });
  body.replaceChildren(
    el("p", { text: "Open the chat and press Start. That is all." }),
    el("p", {}, el("a", { class: "button button-primary", hidden: !started.connect_url, href: started.connect_url, target: "_blank", rel: "noopener noreferrer" }, icon("send"), "Open Telegram")),
    el("p", { class: "small" }, "Or send this to the bot: ", el("code", { text: started.fallback_command })),
    remaining,
  );
  while (!signal.aborted) {
    const seconds = Math.max(0, Math.round((Date.parse(started.expires_at) - Date.now()) / 1000));
    remaining.textContent = `Waiting for the chat… the link works for another ${Math.ceil(seconds / 60)} min.`;
    const query = `device_id=${encodeURIComponent(deviceId)}&attempt_id=${started.attempt_id}`;
    const { status } = await api(`/notifications/telegram/link/status?${query}`, { signal });
    if (status === "ready") {
      body.replaceChildren(el("p", {}, el("span", { class: "badge", "data-tone": "ok" }, icon("check"), "Telegram connected"), " The next alert arrives in your chat."));
      announce("Telegram connected.");
      return;
    }
    if (status === "expired") {
      body.replaceChildren(el("p", { text: "The link has expired." }), el("p", {}, el("button", { class: "button", type: "button", onclick: () => link(body, deviceId, signal) }, "Try again")));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
