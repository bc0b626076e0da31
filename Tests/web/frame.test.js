import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFrame, encodeFrame, FLAG, KIND } from "../../Public/js/net/frame.js";

test("a frame reads back as it was written, in the order of the protocol", () => {
  const header = { kind: KIND.clip, flags: FLAG.keyframe | FLAG.last, track: 1, stream: 0x01020304, sequence: 5, duration: 33333, timestamp: 0x0b0c0d0e0f };
  const bytes = encodeFrame(header, new Uint8Array([7, 8]));
  assert.deepEqual([...bytes], [2, 5, 0, 1, 1, 2, 3, 4, 0, 0, 0, 5, 0, 0, 0x82, 0x35, 0, 0, 0, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 7, 8]);
  const { payload, ...back } = decodeFrame(bytes.buffer);
  assert.deepEqual(back, header);
  assert.deepEqual([...payload], [7, 8]);
});

test("times beyond 32 bits are kept, and parts of a microsecond rounded", () => {
  const bytes = encodeFrame({ kind: 1, stream: 1, sequence: 0, timestamp: 2 ** 52 + 1, duration: 1.6 }, new Uint8Array());
  const frame = decodeFrame(bytes.buffer);
  assert.equal(frame.timestamp, 2 ** 52 + 1);
  assert.equal(frame.duration, 2);
});

test("what is too short is no frame", () => {
  assert.throws(() => decodeFrame(new ArrayBuffer(23)), RangeError);
});
