// @ts-check
// Binary messages of the socket protocol: a header of 24 bytes, big-endian, then the payload (docs/PROTOCOL.md).

export const HEADER_SIZE = 24;
export const KIND = Object.freeze({ live: 1, clip: 2, clipBytes: 3, still: 4, liveBytes: 5 });
export const FLAG = Object.freeze({ keyframe: 1, configuration: 2, last: 4 });
export const TRACK = Object.freeze({ video: 0, audio: 1 });

/**
 * @typedef {object} FrameHeader
 * @property {number} kind
 * @property {number} [flags]
 * @property {number} [track]
 * @property {number} stream
 * @property {number} sequence
 * @property {number} [duration] µs
 * @property {number} [timestamp] µs, up to 2^53
 */

/**
 * @param {FrameHeader} header
 * @param {Uint8Array} payload
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeFrame({ kind, flags = 0, track = 0, stream, sequence, duration = 0, timestamp = 0 }, payload) {
  const bytes = new Uint8Array(HEADER_SIZE + payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint8(1, flags);
  view.setUint16(2, track);
  view.setUint32(4, stream);
  view.setUint32(8, sequence);
  view.setUint32(12, Math.max(0, Math.round(duration)));
  const time = Math.max(0, Math.round(timestamp));
  view.setUint32(16, Math.floor(time / 2 ** 32));
  view.setUint32(20, time % 2 ** 32);
  bytes.set(payload, HEADER_SIZE);
  return bytes;
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {Required<FrameHeader> & {payload: Uint8Array<ArrayBuffer>}}
 */
export function decodeFrame(buffer) {
  if (buffer.byteLength < HEADER_SIZE) throw new RangeError(`a frame has at least ${HEADER_SIZE} bytes, this one ${buffer.byteLength}`);
  const view = new DataView(buffer);
  return {
    kind: view.getUint8(0),
    flags: view.getUint8(1),
    track: view.getUint16(2),
    stream: view.getUint32(4),
    sequence: view.getUint32(8),
    duration: view.getUint32(12),
    timestamp: view.getUint32(16) * 2 ** 32 + view.getUint32(20),
    payload: new Uint8Array(buffer, HEADER_SIZE),
  };
}
