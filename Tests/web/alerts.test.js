import assert from "node:assert/strict";
import { test } from "node:test";
import { alertState, disabledWords, isSnoozed, nextSnoozeEnd, sentence, targetName, testWords, untilWords } from "../../Public/js/state/alerts.js";

const now = new Date(2026, 10, 21, 12).getTime();
const later = (minutes) => new Date(now + minutes * 60_000).toISOString();
const chat = (more = {}) => ({ channel: "telegram", target: "4711", name: "bob", snoozed_until: null, disabled_reason: null, ...more });
const mailbox = (more = {}) => ({ channel: "email", target: "me@example.org", name: null, snoozed_until: null, disabled_reason: null, ...more });

test("chats by name, else by number; mailboxes by address", () => {
  assert.equal(targetName(chat()), "@bob");
  assert.equal(targetName(chat({ name: "@bob" })), "@bob");
  assert.equal(targetName(chat({ name: null })), "chat 4711");
  assert.equal(targetName(mailbox()), "me@example.org");
});

test("reasons become sentences", () => {
  assert.equal(sentence("the camera did not come back"), "The camera did not come back.");
  assert.equal(sentence("Really?"), "Really?");
  assert.equal(sentence(" "), "");
});

test("what is stopped says why and what helps", () => {
  assert.equal(disabledWords(chat()), "");
  assert.equal(disabledWords(chat({ disabled_reason: "the chat blocked or removed the bot" })), "The chat blocked the bot; link it again.");
  assert.equal(disabledWords(chat({ disabled_reason: "the chat does not accept messages from the bot (blocked, or the bot was removed)" })), "The chat blocked the bot; link it again.");
  assert.match(disabledWords(chat({ disabled_reason: "Telegram does not know the chat" })), /link it again/);
  assert.equal(disabledWords(mailbox({ disabled_reason: "this is not a mail address" })), "This is not a mail address. Nothing is sent there until it is added again.");
});

test("a snooze is on until its end", () => {
  assert.equal(isSnoozed(chat({ snoozed_until: later(5) }), now), true);
  assert.equal(isSnoozed(chat({ snoozed_until: later(-5) }), now), false);
  assert.equal(isSnoozed(chat(), now), false);
  assert.equal(nextSnoozeEnd([chat({ snoozed_until: later(30) }), mailbox({ snoozed_until: later(10) }), chat({ snoozed_until: later(-1) })], now), 600_000);
  assert.equal(nextSnoozeEnd([chat()], now), null);
  assert.match(untilWords(later(60), new Date(now)), /^until \D*\d/);
  assert.match(untilWords(later(24 * 60), new Date(now)), /^until \p{L}+, /u);
});

test("a tile says where something is to be done", () => {
  const blocked = chat({ disabled_reason: "the chat blocked or removed the bot" });
  assert.deepEqual(alertState(undefined, now), { button: "Alerts", symbol: "send", remark: "" });
  assert.equal(alertState([], now).button, "Set up alerts");
  assert.equal(alertState([], now).remark, "Nobody gets alerts of this camera.");
  assert.deepEqual(alertState([chat(), mailbox()], now), { button: "Alerts on", symbol: "check", remark: "" });
  assert.equal(alertState([blocked], now).remark, "The chat blocked the bot; link it again.");
  assert.equal(alertState([blocked], now).button, "Alerts are off");
  assert.deepEqual(alertState([blocked, mailbox()], now), { button: "Alerts on", symbol: "check", remark: "@bob gets no alerts any more." });
  assert.equal(alertState([chat({ snoozed_until: later(5) })], now).button, "Alerts snoozed");
  assert.equal(alertState([chat({ snoozed_until: later(5) }), mailbox()], now).button, "Alerts on");
});

test("what a test message came to", () => {
  assert.equal(testWords({ sent: true, status_code: null, reason: null }, chat()), "Sent. It should be in the chat now.");
  assert.match(testWords({ sent: true, status_code: null, reason: null }, chat({ disabled_reason: "x" })), /until it is linked again/);
  assert.equal(testWords({ sent: false, status_code: 403, reason: "the bot was removed" }, chat()), "Not sent: the bot was removed (status 403).");
  assert.equal(testWords({ sent: false, status_code: 502, reason: "Telegram has a problem (status 502)" }, chat()), "Not sent: Telegram has a problem (status 502).");
});
