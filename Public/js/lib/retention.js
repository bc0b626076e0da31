// @ts-check
// Which clips stay on the phone once the hub has them, and which go when there is little room. Pure: what is known of them comes in.

/**
 * @typedef {import("./memory-clip-store.js").ClipRecord} ClipRecord
 * @typedef {{usage: number, quota: number}} Room of the store, in bytes; a quota of 0 is not known
 */

/** Of what there is, so much is used before anything has to go. */
const NEARLY_FULL = 0.95;
const MAXIMUM_BYTES = 500e6;
const MAXIMUM_SHARE = 0.2;
export const MAXIMUM_CLIPS = 100;
/** What is made free at a time: browsers take a while to see the room, and one clip is soon filled up again. */
const ROOM_BYTES = 32 << 20;

/** @param {Room} room */
export const isNearlyFull = ({ usage, quota }) => quota > 0 && usage > quota * NEARLY_FULL;

/** Nothing is lost with it: the hub has it. @param {ClipRecord} record */
export const isUploaded = ({ uploadedAt }) => uploadedAt !== null && uploadedAt !== undefined;

/** The hub saw stills of it, and does not want the clip unless somebody asks for it. @param {ClipRecord} record */
export const isUnwanted = ({ unwanted }) => unwanted !== null && unwanted !== undefined;

/** Nobody waits for it: the hub has it, does not want it, or refused it. @param {ClipRecord} record */
export const isSpare = (record) => isUploaded(record) || isUnwanted(record) || record.failure !== null;

/**
 * What nobody waits for, in the order in which it goes: what the hub has, what it does not want, what it refused, each the oldest first.
 * @param {ClipRecord[]} records
 */
function spare(records) {
  const kept = records.filter(({ frames }) => frames > 0).sort((a, b) => a.at - b.at);
  const others = kept.filter((record) => !isUploaded(record));
  const refused = others.filter((record) => !isUnwanted(record) && record.failure !== null);
  return [...kept.filter(isUploaded), ...others.filter(isUnwanted), ...refused];
}

/**
 * What leaves the phone so that the rest stays within its bounds.
 * @param {ClipRecord[]} records all of the store
 * @param {Room} room
 * @returns {ClipRecord[]}
 */
export function surplus(records, room) {
  const order = spare(records);
  const maximum = room.quota > 0 ? Math.min(MAXIMUM_BYTES, room.quota * MAXIMUM_SHARE) : MAXIMUM_BYTES;
  let bytes = order.reduce((sum, record) => sum + record.bytes, 0);
  let going = 0;
  while (going < order.length && (bytes > maximum || order.length - going > MAXIMUM_CLIPS)) bytes -= order[going++].bytes;
  return [...new Set([...order.slice(0, going), ...(isNearlyFull(room) ? firstToGo(records) : [])])];
}

/** What goes first when there must be room. @param {ClipRecord[]} records @returns {ClipRecord[]} none: only what is waited for is left */
export function firstToGo(records) {
  const order = spare(records);
  let bytes = 0, going = 0;
  while (going < order.length && bytes < ROOM_BYTES) bytes += order[going++].bytes;
  return order.slice(0, going);
}
