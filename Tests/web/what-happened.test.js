import assert from "node:assert/strict";
import { test } from "node:test";
import { failuresTitle, lacksJob, relativeTime, retryable, retryOutcome, whatHappened } from "../../Public/js/state/what-happened.js";
import { clipProblem, eventBadges } from "../../Public/js/state/words.js";

const at = (seconds) => new Date(Date.UTC(2026, 10, 21, 10, 0, 0) + seconds * 1000).toISOString();
const event = (more = {}) => ({ event_id: "e", status: "done", triggered_at: at(0), updated_at: at(9), should_notify: true, alert_reason: "somebody moved", ...more });
const bob = { channel: "telegram", target: "4711", name: "bob" };
const delivery = (more = {}) => ({ delivery_id: "d", channel: "telegram", target: "4711", state: "sent", stage: "clip", sent_at: at(10), updated_at: at(10), reason: null, history: [], ...more });
const alerted = (more = {}) => ({ step: "alerted", at: null, channel: "telegram", target: "4711", state: "sent", ...more });
/** The only alert of the list. */
const alertOf = (changes, targets = [bob]) => whatHappened(event(), [alerted()], [delivery(changes)], targets)[0];

test("times are relative to the trigger", () => {
  assert.equal(relativeTime(at(0.42), at(0)), "+0.4 s");
  assert.equal(relativeTime(at(-2), at(0)), "−2.0 s");
  assert.equal(relativeTime(at(59.99), at(0)), "+1 min 0 s");
  assert.equal(relativeTime(at(75), at(0)), "+1 min 15 s");
  assert.equal(relativeTime(at(2 * 3600 + 300), at(0)), "+2 h 5 min");
  assert.equal(relativeTime(at(3 * 86_400 + 4 * 3600), at(0)), "+3 d 4 h");
});

test("from the trigger to the alert, in the order of time", () => {
  const steps = [
    { step: "triggered", at: at(0) }, { step: "first_byte", at: at(-0.2) }, { step: "durable", at: at(9), reason: null },
    { step: "analysed", at: at(9.5) }, alerted({ at: at(0.6) }),
  ];
  const items = whatHappened(event(), steps, [delivery({ sent_at: at(0.6), history: [
    { number: 1, stage: "still", outcome: "sent", started_at: at(0.4), ended_at: at(0.6) },
    { number: 2, stage: "clip", outcome: "sent", started_at: at(9.5), ended_at: at(10.1) },
  ] })], [bob]);
  assert.deepEqual(items.map(({ title, time }) => `${time} ${title}`).slice(1), ["−0.2 s First byte", "+0.6 s Alerted by Telegram to @bob", "+9.0 s Stored", "+9.5 s Analysed"]);
  assert.equal(items[0].title, "Triggered");
  assert.equal(items[2].note, "First the picture, the clip at +10.1 s.");
  assert.equal(items[4].note, "Somebody moved.");
});

test("what is under way comes last and says so", () => {
  const steps = [{ step: "triggered", at: at(0) }, { step: "durable", at: null }, alerted({ at: null, state: "pending" })];
  const items = whatHappened(event({ status: "recording" }), steps, [delivery({ state: "pending", stage: null, sent_at: null })], []);
  assert.deepEqual(items.map(({ title, tone }) => [title, tone]), [["Triggered", "ok"], ["Recording…", "busy"], ["Alerting by Telegram to chat 4711…", "busy"]]);
  assert.equal(whatHappened(event({ status: "queued" }), [{ step: "analysed", at: null }], [], [])[0].title, "Waiting for analysis…");
  assert.equal(whatHappened(event({ status: "processing" }), [{ step: "analysed", at: null }], [], [])[0].title, "Analysing…");
});

test("why nobody, or this one, was not alerted", () => {
  const [nobody] = whatHappened(event(), [{ step: "not_alerted", at: null, reason: "nobody gets the alerts of this camera" }], [], []);
  assert.deepEqual([nobody.title, nobody.note, nobody.time], ["Nobody was alerted", "Nobody gets the alerts of this camera.", ""]);
  const suppressed = (reason) => alertOf({ state: "suppressed", sent_at: null, reason }).note;
  assert.equal(suppressed("snoozed"), "Alerts were snoozed at that time.");
  assert.equal(suppressed("unlinked"), "The chat was not linked any more.");
  assert.equal(suppressed("cooldown: an alert of this camera arrived 12 s before"), "Cooldown: another alert of this camera had arrived there 12 s before.");
  assert.equal(suppressed("the chat blocked or removed the bot"), "The chat blocked the bot; link it again.");
  assert.equal(suppressed("nothing to tell: too dark"), "Nothing to tell: too dark.");
  assert.equal(suppressed(null), "");
  const expired = alertOf({ state: "expired", sent_at: null, updated_at: at(21_600), reason: "it could not be sent in time: Telegram cannot be reached" });
  assert.deepEqual([expired.title, expired.tone, expired.time], ["Not alerted by Telegram to @bob", "danger", "+6 h 0 min"]);
  assert.equal(expired.note, "It could not be sent in time: Telegram cannot be reached.");
});

test("each way of alerting has its words", () => {
  const title = (channel, target) => whatHappened(event(), [alerted({ channel, target })], [], [])[0].title;
  assert.equal(title("email", "me@example.org"), "Alerted by e-mail to me@example.org");
  assert.equal(title("webhook", "default"), "Alerted by webhook");
});

test("a repeat is marked, and tries that failed are listed", () => {
  const item = alertOf({ possible_repeat: true, history: [
    { number: 1, stage: "clip", outcome: "retry", started_at: at(9), ended_at: at(9.2), status_code: 502, reason: "Telegram has a problem" },
    { number: 2, stage: "clip", outcome: "unknown", started_at: at(12), ended_at: null, status_code: null, reason: null },
    { number: 3, stage: "clip", outcome: "sent", started_at: at(13), ended_at: at(14) },
    { number: 4, stage: "clip", outcome: null, started_at: at(15), ended_at: null },
  ] });
  assert.equal(item.isRepeat, true);
  assert.deepEqual(item.failures, [
    { time: "+9.2 s", outcome: "Failed, to be tried again", detail: "status 502 · Telegram has a problem" },
    { time: "+12.0 s", outcome: "Outcome unknown", detail: "" },
  ]);
  assert.equal(failuresTitle(item.failures), "2 tries failed");
  assert.equal(failuresTitle(item.failures.slice(1)), "1 try failed");
});

test("an alert that waits for its next try says why", () => {
  const item = alertOf({ state: "retry", sent_at: null, stage: null, reason: "Telegram cannot be reached" });
  assert.deepEqual([item.title, item.tone, item.note], ["Alerting by Telegram to @bob…", "warn", "Telegram cannot be reached. The hub tries again."]);
  assert.equal(alertOf({ state: "pending", stage: "still" }).title, "Picture sent by Telegram to @bob");
});

test("an unknown step is said all the same", () => {
  assert.equal(whatHappened(event(), [{ step: "made_smaller", at: at(1), reason: "too large" }], [], [])[0].title, "Made smaller");
});

test("trying again is offered where it can help", () => {
  const failed = event({ status: "failed", failure: { reason: "the hub could not do it", retryable: true } });
  const job = (more) => ({ job_id: "j", state: "dead", work: "process", delivery_id: null, ...more });
  assert.deepEqual(Object.keys(retryable(failed, [], [job()], [])), ["failed"]);
  assert.deepEqual(retryable({ ...failed, failure: { retryable: false } }, [], [job()], []), {});
  assert.deepEqual(retryable(failed, [], [job({ state: "queued" })], []), {});
  const lost = delivery({ state: "expired" }), jobs = [job({ work: "deliver", delivery_id: "d" })];
  assert.deepEqual(Object.keys(retryable(event(), [lost], jobs, [bob])), ["telegram 4711"]);
  assert.deepEqual(retryable(event(), [lost], jobs, [{ ...bob, disabled_reason: "blocked" }]), {});
  assert.deepEqual(retryable(event(), [lost], jobs, []), {});
  assert.deepEqual(Object.keys(retryable(event(), [delivery({ channel: "webhook", target: "default", state: "failed" })], jobs, [])), ["webhook default"]);
  assert.equal(lacksJob(event(), [lost], []), true);
  assert.equal(lacksJob(event(), [lost], jobs), false);
  assert.equal(lacksJob(event(), [delivery()], []), false);
});

test("what became of trying again", () => {
  const job = { delivery_id: "d", updated_at: at(20) };
  const outcome = (more) => retryOutcome(job, event(), [delivery({ updated_at: at(21), ...more })]);
  assert.deepEqual(outcome({ state: "failed", updated_at: at(19) }), { text: "Trying again…", isOver: false });
  assert.deepEqual(outcome({ state: "sending" }), { text: "Trying again…", isOver: false });
  assert.deepEqual(outcome({ state: "sent" }), { text: "Sent this time.", isOver: true });
  assert.deepEqual(outcome({ state: "failed", reason: "too large" }), { text: "It failed again: too large.", isOver: true });
  assert.equal(outcome({ state: "suppressed", reason: "snoozed" }).text, "Alerts were snoozed at that time.");
  const processing = { delivery_id: null, updated_at: at(20) };
  assert.equal(retryOutcome(processing, event({ updated_at: at(21) }), []).text, "It worked this time.");
  assert.equal(retryOutcome(processing, event({ status: "failed", updated_at: at(21), failure: { reason: "no room" } }), []).text, "It failed again: no room.");
  assert.equal(retryOutcome(processing, event({ status: "processing", updated_at: at(21) }), []).isOver, false);
});

test("a clip that ends early says so where there is one", () => {
  const early = event({ incomplete: true, clip_problem: "the camera did not come back: the clip ends early" });
  assert.equal(clipProblem(early), "The camera did not come back: the clip ends early.");
  assert.equal(clipProblem({ ...early, status: "recording" }), null);
  assert.equal(clipProblem({ ...early, status: "failed" }), null);
  assert.equal(clipProblem(event()), null);
  assert.equal(clipProblem(event({ clip_problem: "the clip's file is missing" })), "The clip's file is missing.");
});

test("a card's badges, alerts of the same kind together", () => {
  const words = (...input) => eventBadges(...input).map(({ text }) => text);
  assert.deepEqual(words(event({ incomplete: true, feedback: "false_alarm" }), [delivery(), delivery({ target: "4712" }), delivery({ channel: "email" })]),
    ["Ends early", "False alarm", "Sent to Telegram (2)", "Sent by e-mail"]);
  assert.deepEqual(words(event({ clip_problem: "the clip's file is missing" }), []), ["No clip"]);
  assert.deepEqual(words(event(), []), []);
  const suppressed = (reason) => delivery({ state: "suppressed", reason });
  assert.deepEqual(words(event(), [suppressed("snoozed"), suppressed("cooldown: x 3 s before"), suppressed("unlinked"), suppressed("blocked")]),
    ["No alert: snoozed", "No alert: cooldown", "No alert (2)"]);
  assert.deepEqual(words(event(), [suppressed("snoozed"), delivery({ state: "expired" }), delivery({ state: "retry" })]), ["Telegram failed", "Telegram: trying again"]);
});
