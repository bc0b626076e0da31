import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { accessWords, canBeLimited, permissionWords, rightsOver, roleMeaning, roleName, ROLES } from "../../Public/js/state/access-words.js";
import { isOver, until } from "../../Public/js/state/dates.js";
import { actorWords, auditWords, isKnown } from "../../Public/js/state/audit-words.js";
import { creditWords, entryWords, planRows } from "../../Public/js/state/usage-words.js";

const SERVER = new URL("../../Sources/Hub/Server", import.meta.url).pathname;
const NOW = Date.UTC(2026, 10, 21, 10, 0, 0);
const at = (seconds) => new Date(NOW + seconds * 1000).toISOString();

test("until when", () => {
  assert.equal(until(null, NOW), null);
  assert.equal(until(at(-1), NOW), "over");
  assert.equal(until(at(30), NOW), "in less than a minute");
  assert.equal(until(at(3 * 86_400), NOW), "in 3 days");
  assert.equal(isOver(at(0), NOW), true);
  assert.equal(isOver(null, NOW), false);
});

test("each role has a name and a meaning, and one that is new its own", () => {
  assert.deepEqual(ROLES.map(roleName), ["Owner", "Admin", "Member", "Viewer"]);
  for (const role of ROLES) assert.match(roleMeaning(role), /^They /);
  assert.equal(roleName("auditor"), "“auditor”");
  assert.equal(permissionWords(["fly", "control", "view"]), "See, control, fly");
});

test("an owner changes everybody else, an admin no owner, and nobody themselves", () => {
  const owner = { user_id: "o", role: "owner" }, admin = { user_id: "a", role: "admin" }, viewer = { user_id: "v", role: "viewer" };
  assert.deepEqual(rightsOver(owner, owner), { roles: [], devices: false, remove: false });
  assert.deepEqual(rightsOver(admin, owner), { roles: ROLES, devices: false, remove: true });
  assert.deepEqual(rightsOver(viewer, admin), { roles: ["admin", "member", "viewer"], devices: true, remove: true });
  assert.deepEqual(rightsOver(owner, admin), { roles: [], devices: false, remove: false });
  assert.deepEqual(rightsOver(owner, viewer), { roles: [], devices: false, remove: false });
  assert.deepEqual(ROLES.filter(canBeLimited), ["member", "viewer"]);
});

test("which cameras somebody sees", () => {
  const known = [{ device_id: "1", label: "Hall" }, { device_id: "2", label: "Garage" }, { device_id: "3", label: "Garden" }];
  assert.equal(accessWords({ all_devices: true, devices: [] }, known), "All cameras");
  assert.equal(accessWords({ all_devices: false, devices: [] }, known), "No camera");
  assert.equal(accessWords({ all_devices: false, devices: ["2"] }, known), "Garage");
  assert.equal(accessWords({ all_devices: false, devices: ["1", "2", "3"] }, known), "Hall, Garage and Garden");
  assert.equal(accessWords({ all_devices: false, devices: ["4"] }, known), "a camera that is gone");
});

test("credits are said with what is left, and what it means that none is", () => {
  assert.deepEqual(creditWords({ used: 12, included: null, left: null }),
    { text: "12 credits used", note: "Your plan has no limit.", share: null, tone: "" });
  const some = creditWords({ used: 10, included: 100, left: 90 });
  assert.equal(some.text, "10 of 100 credits used, 90 left");
  assert.deepEqual([some.share, some.tone, some.note], [0.1, "", ""]);
  assert.equal(creditWords({ used: 80, included: 100, left: 20 }).tone, "warn");
  const none = creditWords({ used: 105, included: 100, left: -5 });
  assert.deepEqual([none.share, none.tone], [1, "danger"]);
  assert.match(none.text, /, 0 left$/);
  assert.match(none.note, /still alerted/);
  assert.equal(creditWords({ used: 0, included: 0, left: 0 }).tone, "danger");
});

test("a plan in words, with what has no limit", () => {
  const rows = Object.fromEntries(planRows({
    analysed_seconds_per_month: 18_000, maximum_clip_seconds: 60, uploads_per_hour: null, retention_days: 1, devices: 3, viewers: null,
  }));
  assert.deepEqual(rows, {
    "Analysed a month": "5 hours of clips", "Longest clip": "60 seconds", "Clips an hour": "unlimited", "Clips are kept": "1 day", Cameras: "3",
      "Watching at once": "unlimited",
  });
  assert.equal(entryWords({ seconds: 12, credits: 2 }), "12 s, 2 credits");
  assert.equal(entryWords({ seconds: 9.96, credits: 1 }), "10 s, 1 credit");
});

test("what nobody has words for is shown as the hub calls it", () => {
  assert.equal(auditWords({ action: "device.renamed", subject: "0198", detail: "Hall" }), "Renamed a camera: Hall");
  assert.equal(auditWords({ action: "member.left", subject: "0198", detail: null }), "Left the account");
  assert.equal(auditWords({ action: "moon.landed", subject: "Eagle", detail: null }), "moon.landed: Eagle");
  assert.equal(auditWords({ action: "constructor", subject: null, detail: null }), "constructor");
  assert.equal(actorWords({ kind: "user", name: "Ann" }), "Ann");
  assert.equal(actorWords({ kind: "device", name: "Hall" }), "Camera “Hall”");
  assert.equal(actorWords({ kind: "user", name: null }), "Somebody");
  assert.equal(actorWords({ kind: "operator", name: null }), "Whoever runs this hub");
  assert.equal(actorWords(null), "The hub");
});

test("there are words for everything that the hub records", () => {
  const actions = new Set();
  for (const file of readdirSync(SERVER, { recursive: true })) {
    if (!file.endsWith(".swift")) continue;
    const text = readFileSync(join(SERVER, file), "utf8");
    // What is recorded is named in the call, or in the entry that is added.
    for (const [call] of text.matchAll(/\b(?:record|recordVisitor|note|noteEverywhere|noteFailure|noteOperator|trail\.add)\([^)]*/g)) {
      for (const [, action] of call.matchAll(/"([a-z_]+(?:\.[a-z_]+)+)"/g)) actions.add(action);
    }
  }
  assert.ok(actions.size > 0, "none was found: they are written in another way now");
  assert.deepEqual([...actions].filter((action) => !isKnown(action)), []);
});
