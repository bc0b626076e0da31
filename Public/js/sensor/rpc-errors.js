// @ts-check
// What an error of the hub means for what was asked.

/**
 * Whether the hub may take it another time: it is busy, its disk is full, it must be signed in to again, or it knows this clip from a
 * call whose answer was lost.
 * @param {any} error
 */
export const isTemporary = ({ temporary, code, message }) =>
  temporary || [101, 108, 109, 507].includes(code) || /open already on this connection/.test(message);
