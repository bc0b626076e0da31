// @ts-check
// Connects a Telegram chat to a camera.

import { announce, el, icon } from "../components/dom.js";
import { api } from "../net/api.js";
import { countdown, safeLink } from "../state/words.js";

const POLL_MS = 2000;
const COPIED_MS = 2000;

/**
 * Shows in `body` how to connect a chat, and what came of it, until `signal` ends it.
 * @param {HTMLElement} body @param {string} deviceId @param {AbortSignal} signal
 */
export const connectTelegram = (body, deviceId, signal) => attempt(body, signal, () => link(body, deviceId, signal));

/** @param {HTMLElement} body @param {AbortSignal} signal @param {() => Promise<void>} work */
async function attempt(body, signal, work) {
  try {
    await work();
  } catch (error) {
    if (signal.aborted) return;
    body.replaceChildren(el("p", { class: "event-reason", role: "alert", text: /** @type {Error} */ (error).message }), again(body, signal, work, "Try again"));
  }
}

/** @param {HTMLElement} body @param {AbortSignal} signal @param {() => Promise<void>} work @param {string} text */
const again = (body, signal, work, text) => el("p", {}, el("button", { class: "button", type: "button", onclick: () => attempt(body, signal, work) }, text));

/** @param {string} text */
const connected = (text) => el("p", {}, el("span", { class: "badge", "data-tone": "ok" }, icon("check"), "Telegram connected"), ` ${text}`);

/** @param {HTMLElement} body @param {string} deviceId @param {AbortSignal} signal */
async function link(body, deviceId, signal) {
  body.replaceChildren(el("p", { class: "muted", text: "Asking the hub…" }));
  const readiness = await api(`/notifications/telegram/readiness?device_id=${encodeURIComponent(deviceId)}`, { signal });
  if (readiness.status === "not_configured") {
    body.replaceChildren(el("p", {}, "This hub has no Telegram bot yet. Its administrator sets ", el("code", { text: "TELEGRAM_BOT_TOKEN" }), ", with the token that @BotFather gives, and starts it again."));
    return;
  }
  const started = await api("/notifications/telegram/link/start", { method: "POST", body: { device_id: deviceId }, signal });
  const url = safeLink(started.connect_url);
  const remaining = el("p", { class: "muted small" });
  body.replaceChildren(
    el("p", { text: "Open the chat and press Start. That is all." }),
    ...(url ? [el("p", {}, el("a", { class: "button button-primary", href: url, target: "_blank", rel: "noopener noreferrer" }, icon("send"), "Open Telegram"))] : []),
    el("div", { class: "stack-tight" }, el("p", { class: "small", text: url ? "Or send this to the bot:" : "Send this to the bot:" }), command(started.fallback_command)),
    remaining,
  );
  const expires = Date.parse(started.expires_at);
  const tick = () => { remaining.textContent = `Waiting for the chat… the link works for another ${countdown(expires - Date.now())}.`; };
  const clock = setInterval(tick, 1000);
  tick();
  try {
    const status = await outcome(deviceId, started.attempt_id, expires, signal);
    if (status === "ready") {
      body.replaceChildren(connected("The next alert arrives in that chat."));
      announce("Telegram connected.");
    } else if (status === "expired") {
      body.replaceChildren(el("p", { role: "alert", text: "The link has expired." }), again(body, signal, () => link(body, deviceId, signal), "Get a new link"));
    }
  } finally {
    clearInterval(clock);
  }
}

/** @param {string} text */
function command(text) {
  const button = el("button", { class: "button", type: "button" }, icon("copy"), el("span", { text: "Copy" }));
  button.addEventListener("click", async () => {
    // Only a secure context has a clipboard.
    const isCopied = await Promise.resolve(navigator.clipboard?.writeText(text).then(() => true)).catch(() => false);
    if (!isCopied) getSelection()?.selectAllChildren(code);
    button.lastChild.textContent = isCopied ? "Copied" : "Selected";
    setTimeout(() => { button.lastChild.textContent = "Copy"; }, COPIED_MS);
  });
  const code = el("code", { text });
  return el("div", { class: "command" }, code, button);
}

/** @param {string} deviceId @param {string} attemptId @param {number} expires @param {AbortSignal} signal @returns {Promise<"ready"|"expired"|null>} */
async function outcome(deviceId, attemptId, expires, signal) {
  const query = `device_id=${encodeURIComponent(deviceId)}&attempt_id=${encodeURIComponent(attemptId)}`;
  while (!signal.aborted) {
    try {
      const { status } = await api(`/notifications/telegram/link/status?${query}`, { signal });
      if (status === "ready" || status === "expired") return status;
    } catch (error) {
      // A hub that is away for a moment does not end the wait.
      const { status } = /** @type {any} */ (error);
      if (signal.aborted) return null;
      if (status > 0 && status < 500) throw error;
      if (Date.now() > expires) return "expired";
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return null;
}
