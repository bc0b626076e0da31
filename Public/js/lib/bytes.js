// @ts-check
// Byte arrays, numbers in them, and the two ways in which containers nest.

/** @param {(Uint8Array|number[])[]} parts @returns {Uint8Array<ArrayBuffer>} */
export function concat(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/** A number of up to 2^53, big-endian. @param {number} value @param {number} count of bytes */
export function number(value, count) {
  const bytes = new Uint8Array(count);
  for (let index = count - 1, rest = value; index >= 0; index--, rest = Math.floor(rest / 256)) bytes[index] = rest % 256;
  return bytes;
}

/** Big-endian. @param {Uint8Array} bytes @param {number} start @param {number} count */
export function valueOf(bytes, start, count) {
  let value = 0;
  for (let index = start; index < start + count; index++) value = value * 256 + bytes[index];
  return value;
}

/** @param {string} text of ASCII */
export const ascii = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** @param {string} text */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** @param {AllowSharedBufferSource} source */
export function base64(source) {
  const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  return btoa(String.fromCharCode(...bytes));
}

/** An element of EBML (RFC 8794). @param {number[]} id @param {(Uint8Array|number[])[]} content */
export function element(id, ...content) {
  const bytes = concat(...content);
  return concat(id, [0x08], number(bytes.length, 4), bytes);
}

/** A box of ISO/IEC 14496-12. @param {string} type @param {(Uint8Array|number[])[]} content */
export function box(type, ...content) {
  const bytes = concat(...content);
  return concat(number(bytes.length + 8, 4), ascii(type), bytes);
}

/** One with version and flags. @param {string} type @param {number} version @param {number} flags @param {(Uint8Array|number[])[]} content */
export const fullBox = (type, version, flags, ...content) => box(type, [version], number(flags, 3), ...content);
