import assert from "node:assert/strict";
import { test } from "node:test";
import { menuFor, opening, routeOf } from "../../Public/js/state/routes.js";
import { agentWords, agoWords, roleWords } from "../../Public/js/state/identity-words.js";
import { cleanCode, noSignIn, refusalWords, signInStep } from "../../Public/js/state/sign-in.js";

const PERMISSIONS = {
  viewer: ["view", "profile"], member: ["view", "control", "pair", "summarize", "profile"],
  admin: ["view", "control", "pair", "summarize", "administer", "profile"],
  owner: ["view", "control", "pair", "summarize", "administer", "own", "profile"],
};
const person = (role) => ({ isSignedIn: true, isCamera: false, can: (permission) => PERMISSIONS[role].includes(permission) });
const nobody = { isSignedIn: false, isCamera: false, can: () => false };
const phone = { ...nobody, isCamera: true };

test("addresses have their pages, unknown ones the timeline", () => {
  for (const [hash, name, parameter] of [
    ["", "home", ""], ["#/", "home", ""], ["#/nothing", "home", ""], ["#/event/01-a", "event", "01-a"], ["#/event/a/b", "home", ""],
    ["#/setup/s3-_", "setup", "s3-_"], ["#/setup", "setup", ""], ["#/pair", "pair", ""],
    ["#/pair/abc", "pair-phone", "abc"], ["#/pair-phone", "pair-phone", ""],
    ["#/activate/ABCD-EFGH", "activate", "ABCD-EFGH"], ["#/sign-in/", "sign-in", ""], ["#/reset/<script>", "home", ""],
  ]) {
    const route = routeOf(hash);
    assert.deepEqual([route.name, route.parameter], [name, parameter], hash);
  }
});

test("secrets leave the address bar, ids stay", () => {
  for (const name of ["setup", "reset", "verify", "invitation", "activate"]) assert.equal(routeOf(`#/${name}/secret`).clean, `/${name}`);
  assert.equal(routeOf("#/pair/secret").clean, "/pair-phone");
  for (const hash of ["#/event/1", "#/camera-settings/1", "#/setup", "#/"]) assert.equal(routeOf(hash).clean, undefined);
  // What is left is a page that can say what to do.
  for (const name of ["setup", "reset", "verify", "invitation", "activate", "pair-phone"]) assert.equal(routeOf(`#/${name}`).name, name);
});

test("each role opens what its permissions allow", () => {
  const open = (hash, who) => opening(routeOf(hash), who);
  for (const hash of ["#/", "#/event/1", "#/usage", "#/account"]) assert.equal(open(hash, person("viewer")), "page", hash);
  for (const hash of ["#/people", "#/devices", "#/pair", "#/keys", "#/audit", "#/data", "#/camera"])
    assert.equal(open(hash, person("viewer")), "forbidden", hash);
  for (const hash of ["#/devices", "#/pair", "#/camera"]) assert.equal(open(hash, person("member")), "page", hash);
  assert.equal(open("#/people", person("member")), "forbidden");
  assert.equal(open("#/people", person("admin")), "page");
  assert.equal(open("#/data", person("admin")), "forbidden");
  assert.equal(open("#/data", person("owner")), "page");
});

test("who is not signed in is asked first, and follows links with a secret without", () => {
  const open = (hash) => opening(routeOf(hash), nobody);
  for (const hash of ["#/", "#/camera", "#/people", "#/account"]) assert.equal(open(hash), "sign-in", hash);
  for (const hash of ["#/setup/s", "#/reset/t", "#/verify/t", "#/invitation/s", "#/pair/s", "#/activate/c", "#/sign-in", "#/forgot", "#/sign-up"])
    assert.equal(open(hash), "page", hash);
  assert.equal(opening(routeOf("#/sign-in"), person("viewer")), "start");
});

test("a paired phone is a camera, until somebody signs in there", () => {
  assert.equal(opening(routeOf("#/"), phone), "camera");
  assert.equal(opening(routeOf("#/camera"), phone), "page");
  assert.equal(opening(routeOf("#/sign-in"), phone), "page");
  assert.equal(opening(routeOf("#/people"), phone), "sign-in");
  assert.equal(opening(routeOf("#/"), { ...person("viewer"), isCamera: true }), "page");
  assert.equal(opening(routeOf("#/camera"), { ...person("viewer"), isCamera: true }), "page");
});

test("the menu has what one may open, and nothing else", () => {
  for (const role of Object.keys(PERMISSIONS)) {
    const menu = menuFor(person(role).can);
    for (const { path } of menu) assert.equal(opening(routeOf(path), person(role)), "page", `${role} ${path}`);
  }
  assert.deepEqual(menuFor(person("viewer").can).map(({ path }) => path), ["/account", "/usage"]);
  assert.equal(menuFor(person("owner").can).length, 7);
});

test("signing in goes from the password to the code, and back where the password has changed", () => {
  const asked = signInStep(noSignIn, { type: "refused", code: "totp_required", email: "me@example.org" });
  assert.deepEqual(asked, { step: "totp", email: "me@example.org" });
  assert.equal(signInStep(asked, { type: "refused", code: "invalid_totp", email: "me@example.org" }).step, "totp");
  assert.equal(signInStep(asked, { type: "refused", code: "too_many_attempts", email: "me@example.org" }).step, "totp");
  assert.equal(signInStep(asked, { type: "refused", code: "invalid_credentials", email: "me@example.org" }).step, "password");
  assert.equal(signInStep(asked, { type: "again" }).step, "password");
  assert.equal(signInStep(noSignIn, { type: "refused", code: "invalid_credentials", email: "" }).step, "password");
  assert.equal(signInStep(noSignIn, { type: "refused", code: "email_unverified", email: "me@example.org" }).step, "unverified");
});

test("refusals are said at their field, with how long to wait", () => {
  assert.equal(refusalWords({ code: "invalid_credentials", message: "" }, 0)?.field, "password");
  assert.equal(refusalWords({ code: "invalid_totp", message: "" }, 0)?.field, "totp");
  const wait = (ms) => refusalWords({ code: "too_many_attempts", message: "", retryAt: 1000 + ms }, 1000)?.words;
  assert.equal(wait(0), "Too many attempts. Try again in 1 second.");
  assert.equal(wait(30_000), "Too many attempts. Try again in 30 seconds.");
  assert.equal(wait(100_000), "Too many attempts. Try again in 2 minutes.");
  assert.equal(wait(7_200_000), "Too many attempts. Try again in 2 hours.");
  assert.equal(refusalWords({ code: "too_many_attempts", message: "" }, 0)?.words, "Too many attempts. Wait a moment, then try again.");
  assert.equal(refusalWords({ code: "invalid", message: "as the hub says" }, 0), null);
});

test("codes are taken as people type them", () => {
  assert.equal(cleanCode(" 123 456 "), "123456");
  assert.equal(cleanCode("123-456"), "123456");
  assert.equal(cleanCode(" abcd-efgh "), "abcd-efgh");
});

test("browsers, times and roles are named", () => {
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
  assert.equal(agentWords(chrome), "Chrome on Linux");
  assert.equal(agentWords(chrome.replace("X11; Linux x86_64", "Linux; Android 10; K")), "Chrome on Android");
  const safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1";
  assert.equal(agentWords(safari), "Safari on iPhone");
  assert.equal(agentWords("curl/8.1"), "curl/8.1");
  assert.equal(agentWords(null), "Unknown browser");
  const ago = (minutes) => agoWords("2026-11-21T12:00:00Z", Date.parse("2026-11-21T12:00:00Z") + minutes * 60_000);
  assert.deepEqual([0, 5, 60, 300, 1440, 4320].map(ago), ["just now", "5 minutes ago", "an hour ago", "5 hours ago", "yesterday", "3 days ago"]);
  assert.equal(roleWords("viewer").name, "a viewer");
  assert.equal(roleWords("guest").name, "“guest”");
});
