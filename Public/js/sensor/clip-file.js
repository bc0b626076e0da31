// @ts-check
// A clip of the device's store as a file that a video element plays.

import { mp4File } from "../lib/mp4-file.js";
import { webMFile } from "../lib/webm-file.js";
import { FLAG, TRACK } from "../net/frame.js";

/** @typedef {import("../lib/upload.js").ClipFrame} ClipFrame */

/**
 * @param {Record<string, any>[]} tracks as `clip.open` was told
 * @param {ClipFrame[]} frames in the order of recording
 * @returns {{mime: string, parts: Uint8Array[]}}
 */
export function clipFile(tracks, frames) {
  const media = frames.filter(({ flags }) => !(flags & FLAG.configuration));
  // A recorder wrote a file already.
  if (tracks[0]?.kind === "container") return { mime: tracks[0].codec, parts: media.map(({ payload }) => payload) };
  const video = ofTrack(tracks, media, TRACK.video);
  const sound = ofTrack(tracks, media, TRACK.audio);
  const first = video?.samples.findIndex(({ key }) => key) ?? -1;
  if (!video || first < 0) throw new TypeError("there is no picture in it");
  const whole = { ...video, samples: video.samples.slice(first) };
  // Other sound is rather left out than the picture.
  const opus = sound?.configuration.codec === "opus" && sound.samples.length ? sound : null;
  return /^(avc|hvc|hev)/.test(video.configuration.codec) ? mp4File(whole, opus) : webMFile(whole, opus);
}

/** @param {Record<string, any>[]} tracks @param {ClipFrame[]} frames @param {number} track */
function ofTrack(tracks, frames, track) {
  const configuration = tracks.find((candidate) => candidate.track === track);
  if (!configuration) return null;
  const samples = frames.filter((frame) => frame.track === track)
    .map(({ flags, timestamp, duration, payload }) => ({ key: (flags & FLAG.keyframe) !== 0, timestamp, duration, payload }));
  return { configuration, samples };
}
