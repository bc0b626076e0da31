// @ts-check
// A clip's pictures on their way to the hub: that of the trigger for the alert, and those that it is shown before it wants the clip.

import { encodeFrame, FLAG, KIND } from "../net/frame.js";

/** What the hub judges at once; the page takes as many. */
const PREVIEW_STILLS = 3;

/**
 * The first once; all of them whenever the hub is to look at them.
 * @param {import("./outbox.js").Clip} clip
 * @param {number} stream
 * @param {{connection: Pick<import("../net/connection.js").Connection, "sendFrame">, store: import("../lib/memory-clip-store.js").ClipStore}} device
 */
export async function sendStills(clip, stream, { connection, store }) {
  const { upload } = clip;
  for (let number = 0; number < PREVIEW_STILLS; number++) {
    const isWanted = () => upload.stream === stream && (upload.phase === "previewing" || (number === 0 && !clip.isStillSent));
    if (!isWanted()) return;
    const still = await (clip.stills[number] ?? store.still(clip.record.id, number)).catch(() => null);
    if (!still || !isWanted()) continue;
    const flags = number === PREVIEW_STILLS - 1 ? FLAG.last : 0;
    clip.isStillSent = connection.sendFrame(encodeFrame({ kind: KIND.still, flags, stream, sequence: number }, still));
  }
}
