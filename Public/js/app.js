// @ts-check
// The shell: who is signed in, which page is shown, how the hub is.

import { announce, el } from "./components/dom.js";
import { watchForUpdates } from "./components/update.js";
import { Backoff } from "./lib/backoff.js";
import { api, clearSession, getSession, setSession } from "./net/api.js";
import { clockTime, eventTitle } from "./state/words.js";
import { DevicePage } from "./viewer/device-page.js";
import { EventPage } from "./viewer/event-page.js";
import { HomePage } from "./viewer/home-page.js";
import { ViewerHub } from "./viewer/hub.js";
import { signInView } from "./viewer/sign-in.js";

const CONNECTION_WORDS = { idle: "Connecting…", connecting: "Connecting…", open: "Connected", waiting: "Hub is away", closed: "Not connected" };

/** Beside this module, where it may be kept for ever. */
const BRAND = new URL("../icons/icon.svg", import.meta.url).href;

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const header = /** @type {HTMLElement} */ (document.getElementById("header"));
const away = el("p", { class: "notice", role: "status", text: "The hub is away. This page goes on by itself when it is back." });
const backoff = new Backoff({ max: 30_000 });
const checkForUpdate = watchForUpdates(main);
/** @type {ViewerHub|null} */
let hub = null;
/**
 * Kept while an event is looked at, so that one comes back to where one was.
 * @type {HomePage|null}
 */
let home = null;
let homeScroll = 0;
let isFirstPage = true;
let routeNumber = 0;

async function start() {
  if (!getSession()) {
    // A hub that asks for no token lets everybody in.
    try {
      const user = await api("/auth/me");
      setSession({ token: null, user_id: user.user_id, email: user.email });
    } catch (error) {
      if (/** @type {import("./net/api.js").ApiError} */ (error).code === "unreachable") {
        renderHeader();
        show(away, "Hub is away");
        setTimeout(start, backoff.next());
        return;
      }
    }
  }
  if (getSession()) signedIn();
  else signedOut();
}

function signedIn() {
  renderHeader();
  route();
}

function signedOut() {
  routeNumber++;
  leaveHub();
  renderHeader();
  show(signInView(signedIn), "Sign in");
}

async function signOut() {
  await api("/auth/logout", { method: "POST" }).catch(() => {});
  clearSession();
  signedOut();
}

function leaveHub() {
  hub?.stop();
  hub = null;
  home = null;
  homeScroll = 0;
}

function viewerHub() {
  if (hub) return hub;
  const made = new ViewerHub();
  made.addEventListener("connection", renderConnection);
  // A hub that comes back may be a new one.
  made.addEventListener("open", checkForUpdate);
  made.addEventListener("fatal", (/** @type {any} */ { detail }) => { if (detail.code === 3500) { clearSession(); signedOut(); } });
  made.addEventListener("arrived", (/** @type {any} */ { detail }) => announce(`${eventTitle(detail.event)}, ${made.labelOf(detail.event)}, ${clockTime(detail.event.triggered_at)}`));
  made.start();
  hub = made;
  return made;
}

async function route() {
  if (!getSession()) return;
  const number = ++routeNumber;
  const path = location.hash.replace(/^#/, "") || "/";
  const event = path.match(/^\/event\/([\w.-]{1,64})$/);
  const device = path.match(/^\/camera-settings\/([\w.-]{1,64})$/);
  const before = main.firstElementChild;
  if (before && before === home) homeScroll = scrollY;
  if (path === "/camera") {
    // A camera needs its power for itself.
    leaveHub();
    const page = await import("./sensor/sensor-page.js").then(
      () => document.createElement("pw-sensor-page"),
      () => el("p", { class: "notice", role: "alert", text: "The camera page could not be loaded. Check that the hub can be reached, then reload." }),
    );
    // Somebody may have gone elsewhere meanwhile.
    if (number !== routeNumber) return;
    show(page, "Camera");
  } else if (event) {
    show(new EventPage(viewerHub(), event[1]), "Event");
  } else if (device) {
    show(new DevicePage(viewerHub(), device[1]), "Camera settings");
  } else {
    home ??= new HomePage(viewerHub());
    show(home, "Timeline", homeScroll);
    if (before instanceof EventPage) home.focusEvent(before.eventId);
    if (before instanceof DevicePage) home.focusDevice(before.deviceId);
  }
  renderHeader();
}

/** @param {HTMLElement} page @param {string} title @param {number} [scroll] */
function show(page, title, scroll = 0) {
  document.title = `${title} · Ping Watch`;
  if (main.firstElementChild !== page) main.replaceChildren(page);
  if (!isFirstPage) main.focus({ preventScroll: true });
  isFirstPage = false;
  scrollTo({ top: scroll, behavior: "instant" });
}

function renderHeader() {
  const session = getSession();
  const path = location.hash.replace(/^#/, "") || "/";
  /** @param {string} href @param {string} text @param {boolean} isCurrent */
  const link = (href, text, isCurrent) => el("a", { href, "aria-current": isCurrent ? "page" : null, text });
  header.dataset.session = session ? "in" : "out";
  header.replaceChildren(
    el("a", { class: "brand", href: "#/", "aria-label": "Ping Watch" }, el("img", { src: BRAND, alt: "" }), el("span", { text: "Ping Watch" })),
    ...(session
      ? [
          el("nav", { class: "site-nav", "aria-label": "Pages" }, link("#/", "Timeline", path === "/"), link("#/camera", "Camera", path === "/camera")),
          el("span", { class: "connection", id: "connection" }),
          el("details", { class: "account" },
            el("summary", { "aria-label": "Account" }, el("span", { class: "account-initial", text: session.email?.charAt(0) || "?" })),
            el("div", { class: "card stack-tight" }, el("p", { class: "small", text: session.email ?? "" }), session.token && el("button", { class: "button", type: "button", onclick: signOut, text: "Sign out" }))),
        ]
      : []),
  );
  renderConnection();
}

function renderConnection() {
  const place = document.getElementById("connection");
  if (!place) return;
  place.hidden = !hub;
  const state = hub?.connection.state ?? "idle";
  place.dataset.state = state;
  place.textContent = CONNECTION_WORDS[state];
}

/** The account menu closes like any menu. @param {Event} event */
function closeMenu(event) {
  const menu = header.querySelector("details[open]");
  if (!menu) return;
  if (event instanceof KeyboardEvent) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    /** @type {HTMLElement|null} */ (menu.querySelector("summary"))?.focus();
  } else if (menu.contains(/** @type {Node} */ (event.target))) {
    return;
  }
  menu.removeAttribute("open");
}

// Each page knows best where it was.
history.scrollRestoration = "manual";
document.addEventListener("click", closeMenu);
document.addEventListener("keydown", closeMenu);
window.addEventListener("hashchange", route);
window.addEventListener("pingwatch:signed-out", signedOut);
start();
