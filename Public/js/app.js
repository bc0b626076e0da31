// @ts-check
// The shell: who is signed in, which page is shown, how the hub is.

import { announce, el, icon } from "./components/dom.js";
import { watchForUpdates } from "./components/update.js";
import { Backoff } from "./lib/backoff.js";
import { finishOIDC, returnedFromOIDC } from "./identity/oidc.js";
import { api, apiBlob, apiPage, exchangeSession } from "./net/api.js";
import { clearSession, endSession, getSession, getToken, onSessionElsewhere, rememberMe, setSession, takeSession } from "./net/session.js";
import { adoptDevice, forgetDevice, rememberedDevice } from "./sensor/device.js";
import { closeMenus, renderConnection, renderHeader } from "./shell/header.js";
import { PAGES } from "./shell/pages.js";
import { roleWords } from "./state/identity-words.js";
import { opening, routeOf } from "./state/routes.js";
import { can, sessionChange } from "./state/session.js";
import { clockTime, eventTitle } from "./state/words.js";
import { DevicePage } from "./viewer/device-page.js";
import { EventPage } from "./viewer/event-page.js";
import { HomePage } from "./viewer/home-page.js";
import { ViewerHub } from "./viewer/hub.js";

/** @typedef {import("./state/routes.js").Route} Route @typedef {import("./identity/context.js").Context} Context */

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
/** The page that is shown, until it is left. */
let leaving = new AbortController();
/** @type {Route} */
let current = routeOf("/");
/** @type {import("./identity/context.js").Config|null} */
let config = null;
/** Why somebody is asked to sign in. */
let notice = "";

const mayI = (/** @type {string} */ permission) => can(getSession(), permission);
const isCamera = () => Boolean(rememberedDevice().device_token);

// MARK: Who is signed in

async function start() {
  const first = current;
  try {
    const returned = returnedFromOIDC();
    if (returned) await signedIn(await finishOIDC(returned));
  } catch (/** @type {any} */ error) {
    notice = error.message;
  }
  await attempt(async () => {
    if (!getSession() && !isCamera()) await letIn();
    else if (getSession() && !getSession()?.me) await loadMe();
    // What is known is shown at once; the hub may know better.
    else if (getSession()) loadMe().catch(() => {});
    // The page of an address to which somebody went meanwhile stays, with what was typed there: a secret is not in the address any more.
    if (current === first || (current.needs !== "open" && getSession())) await route();
  });
}

/** As soon as the hub is there. @param {() => Promise<void>} body */
async function attempt(body) {
  try {
    await body();
    backoff.reset();
  } catch (/** @type {any} */ error) {
    if (leaving.signal.aborted) return;
    draw();
    if (error.code !== "unreachable") return show(el("p", { class: "notice", role: "alert", text: error.message }), "Ping Watch");
    show(away, "Hub is away");
    const timer = setTimeout(() => attempt(body), backoff.next());
    leaving.signal.addEventListener("abort", () => clearTimeout(timer));
  }
}

/** A hub that asks for no token lets everybody in. */
async function letIn() {
  try {
    const me = await api("/auth/me", { token: null });
    setSession({ token: null, user_id: me.user_id, account_id: me.account_id, email: me.email, role: me.role, me });
  } catch (/** @type {any} */ error) {
    if (error.code === "unreachable") throw error;
  }
}

async function loadMe() {
  try {
    rememberMe(await api("/auth/me"));
  } catch (/** @type {any} */ error) {
    // The person is gone, or the account: there is nothing to be seen with this session.
    if (error.status === 403 || error.status === 404) endSession();
    else if (error.status !== 401) throw error;
  }
  draw();
  return getSession()?.me ?? null;
}

/** @param {any} answer of the hub to a sign-in */
async function signedIn(answer) {
  takeSession(answer);
  await begun();
}

/** @param {string} path @param {unknown} body of a request that ends this sign-in and begins another */
async function exchange(path, body) {
  await exchangeSession(path, body);
  await begun();
}

async function begun() {
  notice = "";
  leaveHub();
  await loadMe();
}

/** @param {string} [words] why, where nobody here wanted it */
function signedOut(words = "") {
  notice = words;
  leaveHub();
  draw();
  if (!isUndisturbed()) route();
}

/** Who follows a link with a secret in it goes on, and so does a camera that watches by its own token. */
const isUndisturbed = () => current.needs === "open" || (current.needs === "camera" && isCamera());

async function signOut() {
  const token = getToken();
  // First here: other tabs hear that it was wanted before their connections end.
  clearSession();
  leaveHub();
  navigate("/sign-in");
  await api("/auth/logout", { method: "POST", token }).catch(() => {});
}

/** @param {string} words */
function forgetSession(words) {
  clearSession();
  leaveHub();
  notice = words;
  navigate("/sign-in");
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
  made.addEventListener("connection", () => renderConnection(hub));
  // A hub that comes back may be a new one.
  made.addEventListener("open", checkForUpdate);
  made.addEventListener("fatal", (/** @type {any} */ { detail }) => { if (detail.code === 3500) endSession(); });
  made.addEventListener("arrived", (/** @type {any} */ { detail }) => announce(`${eventTitle(detail.event)}, ${made.labelOf(detail.event)}, ${clockTime(detail.event.triggered_at)}`));
  made.start();
  hub = made;
  return made;
}

// MARK: Which page is shown

async function route() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  current = routeOf(location.hash);
  // What is secret is not left in sight, in the history, or in what is shared.
  if (current.clean) history.replaceState(null, "", `#${current.clean}`);
  const what = opening(current, { isSignedIn: getSession() !== null, isCamera: isCamera(), can: mayI });
  if (what === "start") return navigate("/", { replace: true });
  if (what === "camera") return navigate("/camera", { replace: true });
  const before = main.firstElementChild;
  if (before && before === home) homeScroll = scrollY;
  const asked = what === "sign-in" ? { ...routeOf("/sign-in"), parameter: "" } : current;
  await attempt(async () => {
    const page = what === "forbidden" ? forbidden() : await load(asked, contextOf(asked, signal));
    // Somebody may have gone elsewhere meanwhile.
    if (signal.aborted) return;
    show(page, asked.title, page === home ? homeScroll : 0);
    if (page === home && before instanceof EventPage) home.focusEvent(before.eventId);
    if (page === home && before instanceof DevicePage) home.focusDevice(before.deviceId);
    draw();
  });
}

/** @param {Route} asked @param {Context} context @returns {Promise<HTMLElement>} */
async function load(asked, context) {
  switch (asked.name) {
    case "home":
      return (home ??= new HomePage(viewerHub()));
    case "event":
      return new EventPage(viewerHub(), asked.parameter);
    case "camera-settings":
      return new DevicePage(viewerHub(), asked.parameter);
    case "camera":
      // A camera needs its power for itself.
      leaveHub();
      return import("./sensor/sensor-page.js").then(() => document.createElement("pw-sensor-page"), () => notLoaded("The camera page"));
    default: {
      const module = await PAGES[asked.name]().catch(() => null);
      if (!module) return notLoaded("This page");
      if (!["pair-phone", "activate"].includes(asked.name)) await loadConfig();
      const page = await module.page(context);
      // A page that nobody sees any more must not take the words along.
      if (context.signal.aborted) return page;
      if (asked.name === "sign-in" && notice) page.prepend(el("p", { class: "notice", role: "status", text: notice }));
      notice = "";
      return page;
    }
  }
}

/** How one may sign in may change at any time; pages that are about it ask anew. */
async function loadConfig() {
  config = await api("/auth/config", { token: null });
}

/** @param {Route} asked @param {AbortSignal} signal @returns {Context} */
const contextOf = (asked, signal) => ({
  route: asked, signal, api, apiPage, apiBlob, can: mayI, navigate, signedIn, exchange, signOut, forgetSession, reloadMe: loadMe, hub: viewerHub,
  get me() { return getSession()?.me ?? null; },
  get config() { return config; },
  becomeCamera(given) {
    adoptDevice(given);
    navigate("/camera", { replace: true });
  },
});

/** @param {string} path @param {{replace?: boolean}} [options] */
function navigate(path, { replace = false } = {}) {
  const hash = `#${path}`;
  if (replace || location.hash === hash) {
    history.replaceState(null, "", hash);
    route();
  } else {
    location.hash = hash;
  }
}

/** @param {string} what */
const notLoaded = (what) =>
  el("p", { class: "notice", role: "alert", text: `${what} could not be loaded. Check that the hub can be reached, then reload.` });

function whoAmI() {
  const { role = "", me } = getSession() ?? {};
  return `You are ${roleWords(role).name} of ${me?.account_name || "this account"}.`;
}

const forbidden = () => el("section", { class: "card stack identity" },
  el("h1", { text: "Not for your role" }),
  el("p", { text: `${whoAmI()} Who administers it can give you another role.` }),
  el("a", { class: "button", href: "#/" }, icon("back"), "To the timeline"));

/** @param {HTMLElement} page @param {string} title @param {number} [scroll] */
function show(page, title, scroll = 0) {
  document.title = `${title} · Ping Watch`;
  if (main.firstElementChild !== page) main.replaceChildren(page);
  if (!isFirstPage) main.focus({ preventScroll: true });
  isFirstPage = false;
  scrollTo({ top: scroll, behavior: "instant" });
}

function draw() {
  const session = getSession();
  const device = rememberedDevice();
  document.body.dataset.can = (session?.me?.permissions ?? []).join(" ");
  renderHeader(header, {
    session, camera: device.device_token ? device : null, path: location.hash.replace(/^#/, "") || "/", can: mayI, signOut,
    forgetCamera: async () => {
      forgetDevice();
      navigate("/sign-in");
    },
  });
  renderConnection(hub);
}

// Each page knows best where it was.
history.scrollRestoration = "manual";
closeMenus(header);
window.addEventListener("hashchange", ({ newURL }) => {
  // It comes late: what `start` or `navigate` opened meanwhile took the secret out of the address, and would be opened again without it.
  if (newURL === location.href) route();
});
window.addEventListener("pingwatch:signed-out", (/** @type {any} */ { detail }) => signedOut(detail.words));
onSessionElsewhere((before, after) => {
  const change = sessionChange(before, after);
  if (change === "signed-out") signedOut("You signed out in another tab.");
  if (change === "person") draw();
  if (change !== "signed-in") return;
  leaveHub();
  (after?.me ? Promise.resolve() : loadMe().catch(() => {})).then(() => {
    draw();
    if (!isUndisturbed()) route();
  });
});
start();
