// @ts-check
// Roles and sign-ins in words.

/** @type {Record<string, {name: string, may: string}>} */
const ROLES = {
  owner: { name: "an owner", may: "may do everything, also delete the account" },
  admin: { name: "an admin", may: "may do everything with cameras and events, and decide who else may" },
  member: { name: "a member", may: "see the cameras, change how they watch, and add others" },
  viewer: { name: "a viewer", may: "see the cameras and what happened, and change nothing" },
};

/** @param {string} role */
export const roleWords = (role) => ROLES[role] ?? { name: `“${role}”`, may: "see what you were given" };

const BROWSERS = [[/Edg(?:A|iOS)?\//, "Edge"], [/OPR\/|Opera/, "Opera"], [/SamsungBrowser\//, "Samsung Internet"], [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\/|Chromium\//, "Chrome"], [/Safari\//, "Safari"]];
const SYSTEMS = [[/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/Windows/, "Windows"],
  [/CrOS/, "ChromeOS"], [/Mac OS X|Macintosh/, "Mac"], [/Linux|X11/, "Linux"]];

/** What somebody signed in with. @param {string|null|undefined} agent as the browser names itself @returns {string} */
export function agentWords(agent) {
  const named = (/** @type {any[][]} */ names) => names.find(([pattern]) => pattern.test(agent ?? ""))?.[1];
  const browser = named(BROWSERS), system = named(SYSTEMS);
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? (agent?.trim().slice(0, 60) || "Unknown browser");
}

/** @param {string} iso @param {number} now ms since 1970 */
export function agoWords(iso, now) {
  const minutes = Math.floor((now - Date.parse(iso)) / 60_000);
  if (minutes < 2) return "just now";
  if (minutes < 60) return `${minutes} minutes ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return hours === 1 ? "an hour ago" : `${hours} hours ago`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "yesterday" : `${days} days ago`;
}
