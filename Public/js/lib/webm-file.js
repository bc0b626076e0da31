// @ts-check
// A whole clip of VP8 or VP9, with Opus, as a WebM file that plays and seeks (RFC 9559).

import { ascii, concat, element, number } from "./bytes.js";
import { soundTrack, videoTrack, webMHeader } from "./webm-elements.js";

/** @typedef {import("./mp4-file.js").TrackOfSamples} TrackOfSamples */

const SEGMENT = [0x18, 0x53, 0x80, 0x67];
/** A block's time is 16 bits of milliseconds beside its Cluster's. */
const CLUSTER_MS = 30_000;

/**
 * @param {TrackOfSamples} video its first sample is a keyframe
 * @param {TrackOfSamples|null} sound
 * @returns {{mime: string, parts: Uint8Array[]}}
 */
export function webMFile(video, sound) {
  const start = video.samples[0].timestamp;
  const all = [{ track: 1, samples: video.samples }, { track: 2, samples: sound?.samples ?? [] }]
    .flatMap(({ track, samples }) => samples.map((sample) => ({ ...sample, track, at: Math.round((sample.timestamp - start) / 1000) })))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at || a.track - b.track);
  const duration = Math.max(...all.map(({ at, duration }) => at + duration / 1000));

  /** @type {{at: number, parts: Uint8Array[]}[]} */
  const clusters = [];
  for (const { track, at, key, payload } of all) {
    const last = clusters.at(-1);
    if (!last || (track === 1 && key) || at - last.at >= CLUSTER_MS) clusters.push({ at, parts: [] });
    const cluster = clusters[clusters.length - 1];
    const head = concat([0x80 + track], number(at - cluster.at, 2), [key ? 0x80 : 0]);
    // An element of its head and payload, which is not copied.
    cluster.parts.push(concat([0xa3, 0x08], number(head.length + payload.length, 4), head), payload);
  }
  const bodies = clusters.map(({ at, parts }) => {
    const time = element([0xe7], number(at, 4));
    return { at, parts: [concat([0x1f, 0x43, 0xb6, 0x75, 0x08], number(time.length + sizeOf(parts), 4), time), ...parts] };
  });
  const info = element([0x15, 0x49, 0xa9, 0x66], element([0x2a, 0xd7, 0xb1], number(1_000_000, 3)), element([0x44, 0x89], float(duration)), names());
  const tracks = element([0x16, 0x54, 0xae, 0x6b], videoTrack(/** @type {any} */ (video.configuration)), ...(sound ? [soundTrack(sound.configuration)] : []));
  // Where each Cluster is, from the Segment's content on; it takes the same room whatever it says.
  const cues = (/** @type {number} */ first) => {
    let position = first;
    return element([0x1c, 0x53, 0xbb, 0x6b], ...bodies.map(({ at, parts }) => {
      const place = element([0xb7], element([0xf7], [1]), element([0xf1], number(position, 4)));
      position += sizeOf(parts);
      return element([0xbb], element([0xb3], number(at, 4)), place);
    }));
  };
  const before = info.length + tracks.length + cues(0).length;
  const content = bodies.flatMap(({ parts }) => parts);
  const beginning = concat(webMHeader(), SEGMENT, [0x08], number(before + sizeOf(content), 4), info, tracks, cues(before));
  const codec = video.configuration.codec;
  return { mime: `video/webm;codecs="${[codec, ...(sound ? ["opus"] : [])].join(",")}"`, parts: [beginning, ...content] };
}

const names = () => concat(element([0x4d, 0x80], ascii("Ping Watch")), element([0x57, 0x41], ascii("Ping Watch")));
const sizeOf = (/** @type {Uint8Array[]} */ parts) => parts.reduce((sum, { length }) => sum + length, 0);

/** @param {number} value */
function float(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}
