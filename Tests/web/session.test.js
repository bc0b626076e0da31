import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { afterRefusal, can, isDue, isTokenRefusal, sessionChange, sessionOf } from "../../Public/js/state/session.js";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const answer = { access_token: "a2", expires_at: "2026-11-21T12:15:00Z", refresh_token: "r2", user_id: "u", account_id: "home", role: "owner" };

test("a token is renewed before it expires", () => {
  const session = sessionOf(answer, NOW);
  assert.equal(session.token, "a2");
  assert.equal(isDue(session, NOW + 11 * 60_000), false);
  assert.equal(isDue(session, NOW + 12 * 60_000), true);
});

test("a hub whose clock is another is not asked for tokens all the time", () => {
  // This device is an hour ahead, or has just started in 1970.
  for (const now of [NOW + 3_600_000, 0]) assert.equal(isDue(sessionOf(answer, now), now + 1000), false);
});

test("a session without expiry or without a refresh token is never due", () => {
  assert.equal(isDue(sessionOf({ access_token: "a", user_id: "u" }, NOW), NOW * 2), false);
  assert.equal(isDue(sessionOf({ ...answer, refresh_token: undefined }, NOW), NOW * 2), false);
  assert.equal(isDue(null, NOW), false);
});

test("what is known of the person stays over a renewal, and does not pass to another person or account", () => {
  const me = { user_id: "u", email: "me@example.org", account_id: "home", role: "owner", permissions: ["view"] };
  const before = { ...sessionOf(answer, NOW), email: me.email, me };
  assert.deepEqual(sessionOf({ ...answer, access_token: "a3" }, NOW, before).me, me);
  assert.equal(sessionOf({ ...answer, user_id: "other" }, NOW, before).me, undefined);
  assert.equal(sessionOf({ ...answer, account_id: "office" }, NOW, before).me, undefined);
});

test("only a token that was refused ends or renews a session: a wrong password does not", () => {
  for (const code of ["token_expired", "invalid_token"]) assert.ok(isTokenRefusal(401, code, true), code);
  for (const code of ["invalid_credentials", "totp_required", "invalid_totp"]) assert.equal(isTokenRefusal(401, code, true), false, code);
  assert.equal(isTokenRefusal(403, "forbidden", true), false);
  assert.equal(isTokenRefusal(401, "invalid_token", false), false);
});

test("a refused token is renewed, unless another tab has done it", () => {
  const session = sessionOf(answer, NOW);
  assert.equal(afterRefusal(session, "a2"), "renew");
  assert.equal(afterRefusal(session, "a1"), "use");
  assert.equal(afterRefusal({ ...session, refresh_token: undefined }, "a2"), "over");
  assert.equal(afterRefusal({ ...session, token: null }, null), "over");
  assert.equal(afterRefusal(null, "a2"), "over");
});

test("another tab's sign-in, sign-out and change of account are told from a renewal", () => {
  const session = sessionOf(answer, NOW);
  assert.equal(sessionChange(null, session), "signed-in");
  assert.equal(sessionChange(session, null), "signed-out");
  assert.equal(sessionChange(null, null), "none");
  assert.equal(sessionChange(session, { ...session, token: "a3", refresh_token: "r3" }), "none");
  assert.equal(sessionChange(session, { ...session, account_id: "office" }), "signed-in");
  assert.equal(sessionChange(session, { ...session, user_id: "other" }), "signed-in");
  assert.equal(sessionChange(session, { ...session, me: { role: "viewer" } }), "person");
});

test("one may what the hub said, and one's own profile always", () => {
  const session = { token: "a", user_id: "u", me: { permissions: ["view", "control"] } };
  assert.ok(can(session, "view") && can(session, "control") && can(session, "profile"));
  assert.equal(can(session, "administer"), false);
  assert.equal(can({ token: "a", user_id: "u" }, "profile"), false);
  assert.equal(can(null, "view"), false);
});

// What is kept for all tabs, and renewed once.

let stored, heard, session;

/** The parts of a browser that it needs. */
function browser() {
  stored = new Map();
  heard = [];
  globalThis.localStorage = {
    getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value), removeItem: (key) => stored.delete(key),
  };
  globalThis.window = new EventTarget();
  window.addEventListener("pingwatch:signed-out", ({ detail }) => heard.push(detail.words));
  /** @type {Promise<any>} */
  let last = Promise.resolve();
  const request = (_, body) => {
    const result = last.then(body);
    last = result.catch(() => {});
    return result;
  };
  Object.defineProperty(globalThis, "navigator", { value: { locks: { request } }, configurable: true });
}

beforeEach(async () => {
  browser();
  session = await import("../../Public/js/net/session.js");
  session.setSession(sessionOf({ ...answer, access_token: "a1", refresh_token: "r1" }, Date.now()));
});

test("requests that are refused at once get one new token", async () => {
  const asked = [];
  const ask = async (refresh) => {
    asked.push(refresh);
    return answer;
  };
  assert.deepEqual(await Promise.all([session.renew("a1", ask), session.renew("a1", ask)]), ["a2", "a2"]);
  assert.equal(await session.renew("a1", ask), "a2");
  assert.deepEqual(asked, ["r1"]);
  assert.equal(session.getSession().refresh_token, "r2");
});

test("a tab that waited for the lock takes what the other one got", async () => {
  const other = navigator.locks.request("pingwatch.renew", async () => session.takeSession(answer));
  assert.equal(await session.renew("a1", () => assert.fail("it was renewed already")), "a2");
  await other;
});

test("a hub that is away ends nothing, one that refuses does", async () => {
  await assert.rejects(session.renew("a1", async () => { throw Object.assign(new Error("away"), { status: 0 }); }), /away/);
  await assert.rejects(session.renew("a1", async () => { throw Object.assign(new Error("busy"), { status: 503 }); }), /busy/);
  assert.equal(session.getSession().token, "a1");
  assert.deepEqual(heard, []);
  assert.equal(await session.renew("a1", async () => { throw Object.assign(new Error("no"), { status: 401 }); }), null);
  assert.equal(session.getSession(), null);
  assert.deepEqual(heard, [session.ENDED]);
});

test("who is refused while a sign-in takes the place of this one waits for it", async () => {
  let answered = (_) => {};
  const replaced = session.replaceSession(() => new Promise((resolve) => { answered = resolve; }));
  const renewed = session.renew("a1", () => assert.fail("the hub has ended that sign-in"));
  await new Promise((resolve) => setImmediate(resolve));
  answered({ ...answer, account_id: "office" });
  assert.equal(await renewed, "a2");
  assert.equal((await replaced).account_id, "office");
  assert.deepEqual(heard, []);
});

test("without locks a tab waits for itself, and takes what another one got meanwhile", async () => {
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  const renewed = await session.renew("a1", async () => {
    session.takeSession(answer);
    throw Object.assign(new Error("used already"), { status: 401 });
  });
  assert.equal(renewed, "a2");
  assert.deepEqual(heard, []);
});

test("who has signed out meanwhile is not told that the sign-in ended", async () => {
  session.clearSession();
  assert.equal(await session.renew("a1", () => assert.fail()), null);
  assert.deepEqual(heard, []);
});
