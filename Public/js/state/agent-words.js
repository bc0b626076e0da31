// @ts-check
// Which browser something was, from what it calls itself. Pure.

/** The first that fits: browsers call themselves by the names of others, too. @type {[RegExp, string][]} */
const BROWSERS = [
  [/\bEdgA?\//, "Edge"], [/\bOPR\/|\bOpera\b/, "Opera"], [/\bSamsungBrowser\//, "Samsung Internet"], [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bHeadlessChrome\/|\bChrome\/|\bCriOS\//, "Chrome"], [/\bSafari\//, "Safari"],
];
/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/\bAndroid\b/, "Android"], [/\biPhone\b/, "iPhone"], [/\biPad\b/, "iPad"], [/\bCrOS\b/, "ChromeOS"], [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "Mac"], [/\bLinux\b/, "Linux"],
];

/** "Chrome on Android"; what it is not known of is left out. @param {string|null|undefined} agent */
export function agentWords(agent) {
  const [browser, system] = [BROWSERS, SYSTEMS].map((names) => names.find(([pattern]) => pattern.test(agent ?? ""))?.[1]);
  if (browser) return system ? `${browser} on ${system}` : browser;
  if (system) return `A program on ${system}`;
  // A program says its name first.
  return agent?.match(/^[\w.-]{1,40}/)?.[0] ?? "An unknown browser";
}
