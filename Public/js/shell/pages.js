// @ts-check
// The modules of the pages that are not needed at once. All of them are in the service worker's list, as every file is.

/** @type {Record<string, () => Promise<{page: (context: import("../identity/context.js").Context) => HTMLElement|Promise<HTMLElement>}>>} */
export const PAGES = {
  setup: () => import("../identity/setup-page.js"),
  "sign-in": () => import("../identity/sign-in-page.js"),
  "sign-up": () => import("../identity/sign-up-page.js"),
  forgot: () => import("../identity/forgot-page.js"),
  reset: () => import("../identity/reset-page.js"),
  verify: () => import("../identity/verify-page.js"),
  invitation: () => import("../identity/invitation-page.js"),
  account: () => import("../identity/account-page.js"),
  people: () => import("../manage/people-page.js"),
  pair: () => import("../manage/pair-page.js"),
  "pair-phone": () => import("../manage/pair-phone-page.js"),
  activate: () => import("../manage/activate-page.js"),
  devices: () => import("../manage/devices-page.js"),
  keys: () => import("../manage/keys-page.js"),
  usage: () => import("../manage/usage-page.js"),
  audit: () => import("../manage/audit-page.js"),
  data: () => import("../manage/data-page.js"),
};
