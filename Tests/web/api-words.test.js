// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { access, fields, matches, reference, words } from "../../Public/help/api-words.js";

const EVENT = { $ref: "#/components/schemas/Event" };

for (const [schema, expected] of /** @type {[any, string][]} */ ([
  [{ type: "string", minLength: 1, maxLength: 64, pattern: "^a$" }, "string, 1–64 characters"],
  [{ type: ["string", "null"], maxLength: 5 }, "string, at most 5 characters, or null"],
  [{ type: "string", format: "date-time" }, "time"],
  [{ type: ["string", "null"], enum: ["a", "b", null] }, "one of a, b, or null"],
  [{ type: "string", enum: ["ok"] }, "“ok”"],
  [{ type: "integer", minimum: 0, maximum: 9223372036854775807 }, "integer, 0 or more"],
  [{ type: "number", minimum: 0.5, maximum: 0.5 }, "number, 0.5"],
  [{ type: "array", items: EVENT, maxItems: 3 }, "list of Event, at most 3 entries"],
  [{ anyOf: [EVENT, { type: "null" }] }, "Event, or null"],
  [{ type: "string", format: "binary" }, "bytes"],
  [{ oneOf: [EVENT, EVENT] }, "one of several"],
  [{ anyOf: [{ type: "object" }, { type: "object" }] }, "one of several"],
  [{}, "anything"],
])) {
  test(`a schema in words: ${expected}`, () => assert.equal(words(schema), expected));
}

test("a reference is known also where it may be null", () => {
  assert.equal(reference(EVENT), "Event");
  assert.equal(reference({ anyOf: [EVENT, { type: "null" }] }), "Event");
  assert.equal(reference({ type: "string" }), null);
});

test("the fields of an object, and of a list of objects", () => {
  const object = { type: "object", required: ["a"], properties: { a: { type: "string" }, b: EVENT } };
  const expected = [{ name: "a", schema: { type: "string" }, isRequired: true }, { name: "b", schema: EVENT, isRequired: false }];
  assert.deepEqual(fields(object), expected);
  assert.deepEqual(fields({ type: "array", items: object }), expected);
  assert.deepEqual(fields({ type: "string" }), []);
});

test("what a route asks for", () => {
  assert.equal(access({ "x-permission": "view", security: [{ bearer: [] }] }), "view");
  assert.equal(access({ "x-permission": "control", "x-sensor": true, security: [{ bearer: [] }] }), "control, or a camera for itself");
  assert.equal(access({ security: [{ bearer: [] }, { signature: [] }] }), "bearer or signature");
  assert.equal(access({ security: [] }), "open");
});

test("a search wants each of its words", () => {
  assert.ok(matches("POST /events/{id}/summary", "post EVENT"));
  assert.ok(matches("anything", "  "));
  assert.ok(!matches("GET /events", "events post"));
});
