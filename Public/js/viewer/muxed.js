// @ts-check
// Access units as media segments, for browsers that have no decoder for units.

import { Mp4Muxer } from "../lib/mp4-muxer.js";
import { WebMMuxer } from "../lib/webm-muxer.js";
import { FLAG } from "../net/frame.js";

/** @typedef {import("./mse-player.js").Frame} Frame */

const USUAL_DURATION_US = 33_333, MAXIMUM_DURATION_US = 2_000_000;

/** What a source of Media Source Extensions is given for access units. @param {any} json of their configuration frame */
export function muxed(json) {
  const muxer = json.codec.startsWith("avc") ? new Mp4Muxer(json) : new WebMMuxer(json);
  /** @type {Frame|null} */
  let held = null;
  return {
    mime: muxer.mime,
    init: muxer.init,
    // Each picture is held until the next tells how long it lasts: after a gap that nobody announced, browsers drop all up to a keyframe.
    segment: (/** @type {Frame} */ frame) => {
      const last = held;
      held = frame;
      if (!last) return null;
      const { flags, timestamp, payload } = last;
      // What follows frames that were left out begins anew.
      const isNext = frame.timestamp > timestamp && frame.timestamp - timestamp < MAXIMUM_DURATION_US;
      const duration = isNext ? frame.timestamp - timestamp : USUAL_DURATION_US;
      return muxer.segment({ key: Boolean(flags & FLAG.keyframe), timestamp, duration, payload });
    },
  };
}
