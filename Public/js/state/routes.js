// @ts-check
// Which page an address shows, and who may open it.

/**
 * `parameter`: what follows the name in the address: an id, or a secret that is taken out of the address bar.
 * @typedef {{name: string, title: string, parameter: string, needs: Needs, clean?: string}} Route
 *
 * Who may open it: `open` everybody; `guest` who is not signed in; `camera` a paired phone, or who may add devices; else a permission.
 * @typedef {"open"|"guest"|"camera"|"profile"|"view"|"control"|"pair"|"administer"|"own"} Needs
 */

const ID = "([\\w.-]{1,64})";
/** Base64url, hexadecimal, or a code that was typed. */
const SECRET = "([\\w.~-]{1,256})";

/**
 * `clean`: what stands in the address bar once the secret was read.
 * @type {{name: string, path: string, title: string, needs: Needs, clean?: string}[]}
 */
const ROUTES = [
  { name: "home", path: "/", title: "Timeline", needs: "view" },
  { name: "event", path: `/event/${ID}`, title: "Event", needs: "view" },
  { name: "camera-settings", path: `/camera-settings/${ID}`, title: "Camera settings", needs: "view" },
  { name: "camera", path: "/camera", title: "Camera", needs: "camera" },

  { name: "setup", path: `/setup(?:/${SECRET})?`, title: "Set up", needs: "open", clean: "/setup" },
  { name: "sign-in", path: "/sign-in", title: "Sign in", needs: "guest" },
  { name: "sign-up", path: "/sign-up", title: "Make an account", needs: "guest" },
  { name: "forgot", path: "/forgot", title: "Forgotten password", needs: "guest" },
  { name: "reset", path: `/reset(?:/${SECRET})?`, title: "New password", needs: "open", clean: "/reset" },
  { name: "verify", path: `/verify(?:/${SECRET})?`, title: "Confirm your e-mail", needs: "open", clean: "/verify" },
  { name: "invitation", path: `/invitation(?:/${SECRET})?`, title: "Invitation", needs: "open", clean: "/invitation" },
  { name: "account", path: "/account", title: "Your account", needs: "profile" },

  { name: "pair", path: "/pair", title: "Add a camera", needs: "pair" },
  { name: "pair-phone", path: `/pair/${SECRET}`, title: "Become a camera", needs: "open", clean: "/pair-phone" },
  { name: "pair-phone", path: "/pair-phone", title: "Become a camera", needs: "open" },
  { name: "activate", path: `/activate(?:/${SECRET})?`, title: "Become a camera", needs: "open", clean: "/activate" },
  { name: "people", path: "/people", title: "People", needs: "administer" },
  { name: "devices", path: "/devices", title: "Devices", needs: "pair" },
  { name: "keys", path: "/keys", title: "Keys and codes", needs: "administer" },
  { name: "usage", path: "/usage", title: "Plan and usage", needs: "view" },
  { name: "audit", path: "/audit", title: "Audit log", needs: "administer" },
  { name: "data", path: "/data", title: "Your data", needs: "own" },
];
const MATCHERS = ROUTES.map((route) => ({ route, pattern: new RegExp(`^${route.path}$`) }));

/** Unknown addresses show the timeline. @param {string} hash with or without `#` @returns {Route} */
export function routeOf(hash) {
  const path = hash.replace(/^#/, "").replace(/(?<=.)\/$/, "") || "/";
  for (const { route: { name, title, needs, clean }, pattern } of MATCHERS) {
    const match = path.match(pattern);
    if (match) return { name, title, needs, parameter: match[1] ?? "", ...(clean && match[1] ? { clean } : {}) };
  }
  return { name: "home", title: "Timeline", needs: "view", parameter: "" };
}

/**
 * What is shown for an address: the page, the sign-in in its place, the start page instead, or that one may not.
 * @param {Route} route
 * @param {{isSignedIn: boolean, isCamera: boolean, can: (permission: string) => boolean}} who `isCamera`: this browser has a device's token
 * @returns {"page"|"sign-in"|"start"|"camera"|"forbidden"}
 */
export function opening({ name, needs }, { isSignedIn, isCamera, can }) {
  if (needs === "open") return "page";
  if (needs === "guest") return isSignedIn ? "start" : "page";
  if (needs === "camera" && isCamera) return "page";
  // A paired phone is a camera and nothing else, until somebody signs in there.
  if (!isSignedIn) return isCamera && name === "home" ? "camera" : "sign-in";
  return can(needs === "camera" ? "pair" : needs) ? "page" : "forbidden";
}

/** Links of the account menu, in this order. @type {{path: string, text: string, needs: Needs}[]} */
const MENU = [
  { path: "/account", text: "Your account", needs: "profile" },
  { path: "/people", text: "People", needs: "administer" },
  { path: "/devices", text: "Devices", needs: "pair" },
  { path: "/keys", text: "Keys and codes", needs: "administer" },
  { path: "/usage", text: "Plan and usage", needs: "view" },
  { path: "/audit", text: "Audit log", needs: "administer" },
  { path: "/data", text: "Your data", needs: "own" },
];

/** @param {(permission: string) => boolean} can */
export const menuFor = (can) => MENU.filter(({ needs }) => can(needs));
