// @ts-check
// What stands above every page: where one can go, how the connection is, and who one is here.

import { confirmButton } from "../components/form.js";
import { el, icon } from "../components/dom.js";
import { menuFor } from "../state/routes.js";

const CONNECTION_WORDS = { idle: "Connecting…", connecting: "Connecting…", open: "Connected", waiting: "Hub is away", closed: "Not connected" };

/** Beside this module, where it may be kept for ever. */
const BRAND = new URL("../../icons/icon.svg", import.meta.url).href;

/**
 * @typedef {{session: import("../state/session.js").Session|null, camera: {label: string}|null, path: string, can: (permission: string) => boolean,
 *   signOut: () => void, forgetCamera: () => Promise<void>}} Shown `camera`: this browser has a device's token
 */

/** Whom the header was last built for. */
let drawn = "";

/** @param {HTMLElement} header @param {Shown} shown */
export function renderHeader(header, shown) {
  const who = wordsOf(shown);
  // Whoever has opened its menu, or goes through it by the keyboard, is not disturbed by what is the same.
  if (who !== drawn) build(header, shown);
  drawn = who;
  for (const link of header.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${shown.path}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** All that `build` makes something of. @param {Shown} shown */
function wordsOf({ session, camera, can }) {
  const person = session && [nameOf(session), session.me?.account_name, Boolean(session.token), can("pair"), menuFor(can).map(({ path }) => path)];
  return JSON.stringify([person, camera && camera.label]);
}

/** @param {HTMLElement} header @param {Shown} shown */
function build(header, shown) {
  const { session, camera } = shown;
  header.dataset.session = session || camera ? "in" : "out";
  const home = session || !camera ? "#/" : "#/camera";
  header.replaceChildren(
    el("a", { class: "brand", href: home, "aria-label": "Ping Watch" }, el("img", { src: BRAND, alt: "" }), el("span", { text: "Ping Watch" })),
    ...(session ? [...links(shown), personMenu(session, shown)] : camera ? [cameraMenu(camera, shown)] : []),
  );
}

/** @param {Shown} shown */
function links({ can, camera }) {
  const link = (/** @type {string} */ to, /** @type {string} */ text) => el("a", { href: `#${to}`, text });
  return [
    el("nav", { class: "site-nav", "aria-label": "Pages" }, link("/", "Timeline"), (camera || can("pair")) && link("/camera", "Camera")),
    el("span", { class: "connection", id: "connection" }),
  ];
}

/** @param {import("../state/session.js").Session} session */
const nameOf = ({ me, email }) => me?.name || me?.email || email || "";

/** @param {import("../state/session.js").Session} session @param {Shown} shown */
function personMenu(session, { can, signOut }) {
  const { me, token } = session, name = nameOf(session);
  return el("details", { class: "account" },
    el("summary", { "aria-label": "Account" }, el("span", { class: "account-initial", text: name.charAt(0) || "?" })),
    el("div", { class: "card stack-tight account-menu" },
      el("p", {}, el("strong", { text: name }), me?.account_name && el("span", { class: "muted small", text: me.account_name })),
      el("nav", { "aria-label": "Account" },
        ...menuFor(can).map(({ path, text }) => el("a", { href: `#${path}`, text }))),
      token && el("button", { class: "button", type: "button", onclick: signOut, text: "Sign out" })));
}

/** A paired phone is a camera, and shows nothing else. @param {{label: string}} camera @param {Shown} shown */
function cameraMenu({ label }, { forgetCamera }) {
  return el("details", { class: "account" },
    el("summary", { "aria-label": "This camera" }, icon("camera")),
    el("div", { class: "card stack-tight account-menu" },
      el("p", {}, el("strong", { text: label || "This phone" }), el("span", { class: "muted small", text: "is a camera of your hub" })),
      el("nav", { "aria-label": "This camera" }, el("a", { href: "#/sign-in", text: "Sign in to see your cameras" })),
      confirmButton({ text: "Stop being a camera", yes: "Yes, stop", symbol: "stop", onconfirm: forgetCamera,
        question: "This phone forgets that it is a camera and has to be paired again. What it recorded stays on the hub." })));
}

/** @param {import("../viewer/hub.js").ViewerHub|null} hub */
export function renderConnection(hub) {
  const place = document.getElementById("connection");
  if (!place) return;
  place.hidden = !hub;
  const state = hub?.connection.state ?? "idle";
  place.dataset.state = state;
  place.textContent = CONNECTION_WORDS[state];
}

/** The menu closes like any menu. @param {HTMLElement} header */
export function closeMenus(header) {
  const close = (/** @type {Event} */ event) => {
    const menu = header.querySelector("details[open]");
    if (!menu) return;
    if (event instanceof KeyboardEvent) {
      if (event.key !== "Escape") return;
      event.preventDefault();
      /** @type {HTMLElement|null} */ (menu.querySelector("summary"))?.focus();
    } else if (event.type === "click" && event.composedPath().includes(menu) && !(/** @type {Element} */ (event.target)).closest("a")) {
      return;
    }
    menu.removeAttribute("open");
  };
  document.addEventListener("click", close);
  document.addEventListener("keydown", close);
  window.addEventListener("hashchange", close);
}
