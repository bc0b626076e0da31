import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

let stored, asked, answers, device, session;

beforeEach(async () => {
  stored = new Map();
  asked = [];
  globalThis.localStorage = {
    getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value), removeItem: (key) => stored.delete(key),
  };
  globalThis.window = new EventTarget();
  // The hub: what it answers by method and path.
  globalThis.fetch = async (path, { method, headers, body }) => {
    asked.push([`${method} ${path}`, headers.Authorization, ...(body ? [JSON.parse(body)] : [])]);
    const [status, answer] = answers[`${method} ${path}`] ?? [404, { error: { code: "not_found", message: "no such route" } }];
    return { ok: status < 300, status, json: async () => answer };
  };
  answers = { "GET /devices": [200, []] };
  device = await import("../../Public/js/sensor/device.js");
  session = await import("../../Public/js/net/session.js");
});

const permissions = { member: ["view", "control", "pair"], viewer: ["view"] };
const signIn = (account_id = "home", role = "member") =>
  session.setSession({ token: "access", user_id: "u", account_id, me: { permissions: permissions[role] } });
const refused = [401, { error: { code: "invalid_token", message: "the token is not valid" } }];

test("a new camera gets a token of its own, by which it connects", async () => {
  signIn();
  answers["POST /devices/register"] = [200, { device_id: "d", label: "Hall", device_token: "t" }];
  assert.equal(await device.registerDevice("Hall"), "d");
  assert.deepEqual(asked, [["POST /devices/register", "Bearer access", { label: "Hall", with_token: true }]]);
  assert.equal(device.deviceTokens("d").getToken(), "t");
  // Clips of a device that this browser was before are not sent in the name of this one.
  assert.equal(device.deviceTokens("before").getToken(), "access");
});

test("a token that is good is kept: another would end what another tab does with it", async () => {
  signIn();
  device.rememberDevice({ device_id: "d", device_token: "t", account_id: "home", label: "Hall" });
  answers["GET /devices/self"] = [200, {}];
  answers["POST /devices/register"] = [200, { device_id: "d", label: "Front door" }];
  assert.equal(await device.registerDevice("Front door"), "d");
  assert.deepEqual(asked.at(-1)[2], { device_id: "d", label: "Front door" });
  assert.equal(device.rememberedDevice().device_token, "t");
});

test("one that was taken away is replaced where somebody is signed in, and said where nobody is", async () => {
  device.rememberDevice({ device_id: "d", device_token: "t", account_id: "home", label: "Hall" });
  answers["GET /devices/self"] = refused;
  await assert.rejects(device.registerDevice("Hall"), /Pair it again/);
  assert.equal(device.rememberedDevice().device_token, undefined);
  signIn();
  answers["POST /devices/register"] = [200, { device_id: "d", label: "Hall", device_token: "t2" }];
  await device.registerDevice("Hall");
  assert.deepEqual(asked.at(-1)[2], { device_id: "d", label: "Hall", with_token: true });
  assert.equal(device.deviceTokens("d").getToken(), "t2");
});

test("a paired phone watches without anybody who is signed in, and whoever else is", async () => {
  device.adoptDevice({ device: { device_id: "d", label: "Hall" }, device_token: "t" });
  answers["GET /devices/self"] = [200, {}];
  assert.equal(await device.registerDevice("Hall"), "d");
  signIn("home", "viewer");
  assert.equal(await device.registerDevice("Hall"), "d");
  assert.ok(asked.every(([what, by]) => what === "GET /devices/self" && by === "Bearer t"));
});

test("who is signed in to another account does not send their pictures to the one before", async () => {
  device.rememberDevice({ device_id: "d", device_token: "t", account_id: "home", label: "Hall" });
  signIn("office");
  answers["POST /devices/register"] = [200, { device_id: "e", label: "Hall", device_token: "t2" }];
  assert.equal(await device.registerDevice("Hall"), "e");
  assert.deepEqual(asked.at(-1)[2], { label: "Hall", with_token: true });
});

test("a hub that is away takes nothing away", async () => {
  device.rememberDevice({ device_id: "d", device_token: "t", label: "Hall" });
  globalThis.fetch = async () => { throw new TypeError("failed"); };
  await assert.rejects(device.registerDevice("Hall"), /cannot be reached/);
  assert.equal(device.rememberedDevice().device_token, "t");
});

test("a camera's own token is not renewed: refused, it is forgotten", async () => {
  signIn();
  device.rememberDevice({ device_id: "d", device_token: "t", label: "Hall" });
  const tokens = device.deviceTokens("d");
  assert.equal(await tokens.renewToken("older"), "t");
  assert.equal(await tokens.renewToken("t"), null);
  assert.equal(device.rememberedDevice().device_token, undefined);
  assert.equal(tokens.getToken(), "access");
});
