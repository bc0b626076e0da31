// @ts-check
// What a schema of OpenAPI says, in words.

/** @typedef {Record<string, any>} Schema */
/** @typedef {{name: string, schema: Schema, isRequired: boolean}} Field */

/** What a value may be, one or several. @param {Schema} schema @returns {Schema[]} */
export function kinds(schema) {
  const all = schema.oneOf ?? schema.anyOf?.filter((/** @type {Schema} */ each) => each.type !== "null") ?? [schema];
  return all.length === 1 && all[0] !== schema ? kinds(all[0]) : all;
}

/** The name of what a schema refers to. @param {Schema} schema @returns {string|null} */
export function reference(schema) {
  const [only, ...others] = kinds(schema);
  const target = others.length === 0 && only.$ref;
  return target ? target.split("/").at(-1) : null;
}

/** @param {number|undefined} least @param {number|undefined} most @param {string} unit */
function range(least, most, unit = "") {
  const end = unit && ` ${unit}`;
  // Beyond what JavaScript counts there is no limit that anybody meets.
  if (most !== undefined && most > Number.MAX_SAFE_INTEGER) most = undefined;
  if (least !== undefined && most !== undefined) return least === most ? `${least}${end}` : `${least}–${most}${end}`;
  if (most !== undefined) return `at most ${most}${end}`;
  return least !== undefined ? `${least}${end} or more` : "";
}

/** Kind and limits of a value, such as “string, 1–64 characters, or null”. @param {Schema} schema @returns {string} */
export function words(schema) {
  const name = reference(schema);
  const types = [schema.type].flat().filter(Boolean);
  const isNullable = types.includes("null") || schema.anyOf?.some((/** @type {Schema} */ each) => each.type === "null");
  const type = types.find((each) => each !== "null");
  const parts = [];
  if (name) parts.push(name);
  else if (kinds(schema).length > 1) parts.push("one of several");
  else if (schema.enum) {
    const values = schema.enum.filter((/** @type {any} */ value) => value !== null);
    parts.push(values.length > 1 ? `one of ${values.join(", ")}` : `“${values[0]}”`);
  } else if (type === "array") parts.push(`list of ${words(schema.items)}`, range(schema.minItems, schema.maxItems, "entries"));
  else if (schema.format === "binary") parts.push("bytes");
  else parts.push({ "date-time": "time", "uri-reference": "address" }[String(schema.format)] ?? type ?? "anything");
  if (type === "string" && !schema.enum) parts.push(range(schema.minLength, schema.maxLength, "characters"));
  if (type === "integer" || type === "number") parts.push(range(schema.minimum, schema.maximum));
  if (isNullable) parts.push("or null");
  return parts.filter(Boolean).join(", ");
}

/** The fields of an object, or of the objects of a list. @param {Schema} schema @returns {Field[]} */
export function fields(schema) {
  if (schema.items) return fields(schema.items);
  return Object.entries(schema.properties ?? {}).map(([name, value]) =>
    ({ name, schema: value, isRequired: (schema.required ?? []).includes(name) }));
}

/** What who calls a route needs. @param {Schema} operation */
export function access(operation) {
  if (operation["x-permission"]) return operation["x-sensor"] ? `${operation["x-permission"]}, or a camera for itself` : operation["x-permission"];
  const schemes = operation.security.flatMap(Object.keys);
  return schemes.length ? schemes.join(" or ") : "open";
}

/** Whether each word of a search is in the text. @param {string} text @param {string} search */
export function matches(text, search) {
  const lower = text.toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => lower.includes(word));
}
