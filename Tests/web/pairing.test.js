import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answerFailed, cameraSeen, isOpen, LIFETIME_MS, noPairing, pairingAnswered, pairingFailed, pairingMade, pairingTicked, pairingTold,
} from "../../Public/js/state/pairing.js";
import {
  asked, claimed, claimTold, claimUnknown, codeOf, codeSoFar, joiningWith, refused, remembered, toRemember,
} from "../../Public/js/state/pairing-phone.js";

const NOW = Date.UTC(2026, 10, 21, 10, 0, 0);
const made = (expires = NOW + LIFETIME_MS) => pairingMade({ pairing_id: "p1", url: "https://hub/#/pair/s", code: "ABCD-EFGH", qr_svg: "<svg/>",
  expires_at: new Date(expires).toISOString() }, NOW);
const told = (state, change) => pairingTold(state, { pairing_id: "p1", ...change });
const asks = { state: "claimed", label: "Hall", confirm_word: "42", agent: "Firefox", address: "10.0.0.2" };

// The second device

test("a code is shown until it is used, and is worth nothing after five minutes", () => {
  const state = made();
  assert.equal(state.phase, "waiting");
  assert.equal(state.deadline, NOW + LIFETIME_MS);
  assert.equal(pairingTicked(state, NOW + LIFETIME_MS - 1), state);
  const over = pairingTicked(state, NOW + LIFETIME_MS);
  assert.equal(over.phase, "expired");
  assert.equal(isOpen(state), true);
  assert.equal(isOpen(over), false);
});

test("a clock that differs from the hub's by hours does not end a code at once, nor let it live for ever", () => {
  for (const skew of [-3 * 3600_000, 3 * 3600_000]) {
    const state = made(NOW + LIFETIME_MS + skew);
    assert.equal(state.deadline, NOW + LIFETIME_MS);
    assert.equal(pairingTicked(state, NOW + 1000).phase, "waiting");
  }
});

test("who asks is let in, is set up, and watches", () => {
  let state = told(made(), asks);
  assert.equal(state.phase, "claimed");
  assert.equal(state.pairing.label, "Hall");
  assert.equal(state.pairing.code, "ABCD-EFGH", "what was known stays");
  // Once somebody has used the code, it is the hub that says when it is over.
  assert.equal(pairingTicked(state, NOW + 2 * LIFETIME_MS), state);
  state = pairingAnswered(state, true);
  assert.equal(state.answer, true);
  assert.equal(pairingAnswered(state, false), state, "one answer at a time");
  state = told(state, { ...asks, state: "confirmed", device_id: "d1" });
  assert.equal(state.phase, "joined");
  assert.equal(state.answer, null);
  assert.equal(cameraSeen(state, undefined), state);
  assert.equal(cameraSeen(state, { online: true, watching: false }), state);
  state = cameraSeen(state, { online: true, watching: true });
  assert.equal(state.phase, "watching");
  assert.equal(told(state, { ...asks, state: "confirmed", device_id: "d1" }), state, "what comes twice changes nothing");
});

test("what comes late does not take a pairing back", () => {
  const joined = told(told(made(), asks), { state: "confirmed", device_id: "d1" });
  assert.equal(told(joined, asks), joined);
  assert.equal(told(joined, { state: "waiting" }), joined);
  assert.equal(told(joined, { state: "rejected" }), joined);
  assert.equal(told(made(), { state: "something new" }).phase, "waiting");
});

test("a pairing of somebody else, or before this page's, is not this one", () => {
  const state = made();
  assert.equal(pairingTold(state, { pairing_id: "p2", state: "claimed" }), state);
  assert.equal(pairingTold(noPairing, { pairing_id: "p1", state: "claimed" }), noPairing);
});

test("that a confirmed phone has its device is news, even if its state is not", () => {
  const joined = told(told(made(), asks), { state: "confirmed", device_id: null });
  assert.equal(told(joined, { state: "confirmed", device_id: "d1" }).pairing.device_id, "d1");
});

test("an answer that did not arrive can be given again", () => {
  const state = answerFailed(pairingAnswered(told(made(), asks), true), "The hub cannot be reached.");
  assert.equal(state.phase, "claimed");
  assert.equal(state.problem, "The hub cannot be reached.");
  assert.equal(pairingAnswered(state, false).answer, false);
  // The publication was faster than the answer's failure.
  const joined = told(pairingAnswered(told(made(), asks), true), { state: "confirmed", device_id: "d1" });
  assert.equal(answerFailed(joined, "x"), joined);
});

test("a refused phone, an expired claim and no code at all", () => {
  assert.equal(told(told(made(), asks), { state: "rejected" }).phase, "rejected");
  assert.equal(told(told(made(), asks), { state: "expired" }).phase, "expired");
  assert.deepEqual(pairingFailed(noPairing, "no"), { ...noPairing, phase: "failed", problem: "no" });
});

// The phone

const waiting = () => claimed(asked(joiningWith({ secret: "s" }), { secret: "s" }, "Hall"),
  { claim: "c1", confirm_word: "42", account_name: "Home" });

test("a phone asks, waits, and is let in", () => {
  const state = waiting();
  assert.equal(state.phase, "waiting");
  assert.deepEqual([state.word, state.account, state.label], ["42", "Home", "Hall"]);
  assert.equal(claimTold(state, { state: "claimed" }), state);
  const admitted = claimTold(state, { state: "confirmed", device: { device_id: "d", label: "Hall" }, device_token: "t" });
  assert.equal(admitted.phase, "admitted");
  assert.deepEqual(admitted.admission, { device: { device_id: "d", label: "Hall" }, device_token: "t" });
  assert.equal(claimTold(admitted, { state: "rejected" }), admitted);
});

test("a phone is refused, comes too late, or after its token was told", () => {
  assert.equal(claimTold(waiting(), { state: "rejected" }).phase, "rejected");
  assert.equal(claimTold(waiting(), { state: "expired" }).phase, "expired");
  assert.equal(claimTold(waiting(), { state: "confirmed", device: {} }).phase, "expired");
  assert.equal(claimUnknown(waiting(), { status: 404, code: "link_expired" }).phase, "expired");
});

test("a hub that is away, or busy, does not end the wait", () => {
  const away = claimUnknown(waiting(), { status: 0, code: "unreachable" });
  assert.equal(away.phase, "waiting");
  assert.equal(away.isAway, true);
  assert.equal(claimUnknown(waiting(), { status: 503 }).isAway, true);
  assert.equal(claimUnknown(waiting(), { status: 429 }).isAway, false);
  assert.equal(claimTold(away, { state: "claimed" }).isAway, false);
});

test("a link that is used up can only be replaced; a code that was typed is corrected", () => {
  const error = { status: 404, code: "link_expired", message: "x" };
  assert.equal(refused(asked(joiningWith({ secret: "s" }), { secret: "s" }, "Hall"), error).phase, "expired");
  const typed = refused(asked(joiningWith(), { code: "ABCD-EFGH" }, "Hall"), error);
  assert.deepEqual([typed.phase, typed.field, typed.label], ["form", "code", "Hall"]);
  const named = refused(asked(joiningWith({ secret: "s" }), { secret: "s" }, ""),
    { status: 400, code: "invalid", message: "It needs a name.", field: "label" });
  assert.deepEqual([named.phase, named.problem, named.field, named.by.secret], ["form", "It needs a name.", "label", "s"]);
});

test("a reload goes on waiting, and knows the secret that is not in the address any more", () => {
  const kept = JSON.parse(JSON.stringify(toRemember(waiting())));
  assert.deepEqual(remembered(kept, ""), waiting());
  assert.deepEqual(remembered(kept, "s"), waiting());
  assert.equal(remembered(kept, "another"), null, "another link was opened since");
  const before = JSON.parse(JSON.stringify(toRemember(joiningWith({ secret: "s" }))));
  assert.deepEqual(remembered(before, ""), joiningWith({ secret: "s" }));
  assert.equal(toRemember(joiningWith()), null);
  assert.equal(toRemember(claimTold(waiting(), { state: "rejected" })), null);
  for (const rubbish of [null, 4, "x", {}, { by: 3 }, { by: { secret: 4 }, claim: [] }]) {
    const state = remembered(rubbish, "");
    assert.ok(state === null || (state.phase === "form" && !state.by.secret));
  }
});

test("a code is read however it was typed, and nothing else is one", () => {
  assert.equal(codeOf(" abcd efgh "), "ABCD-EFGH");
  assert.equal(codeOf("ABCD-EFGH"), "ABCD-EFGH");
  assert.equal(codeOf("ABCD–EFGH"), "ABCD-EFGH");
  assert.equal(codeOf("ABCDEFG"), null);
  assert.equal(codeOf("ABCD-EFG0"), null, "there is no 0 in codes");
  assert.equal(codeOf("ABCD-EFGHJ"), null);
  assert.equal(codeSoFar("abc"), "ABC");
  assert.equal(codeSoFar("abcde"), "ABCD-E");
  assert.equal(codeSoFar("abcd-efgh-jk"), "ABCD-EFGH");
});
