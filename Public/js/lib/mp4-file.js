// @ts-check
// A whole clip of H.264 or H.265, with Opus, as an MP4 file that plays and seeks from its first byte on (ISO/IEC 14496-12).

import { ascii, box, concat, fullBox, number } from "./bytes.js";
import { movieHeader, trackBox, videoEntry, zeros } from "./mp4-boxes.js";

/**
 * @typedef {{key: boolean, timestamp: number, duration: number, payload: Uint8Array}} Sample times in µs
 * @typedef {{configuration: Record<string, any>, samples: Sample[]}} TrackOfSamples
 */

/**
 * @param {TrackOfSamples} video its first sample is a keyframe
 * @param {TrackOfSamples|null} sound
 * @returns {{mime: string, parts: Uint8Array[]}}
 */
export function mp4File(video, sound) {
  const start = video.samples[0].timestamp;
  const { width, height } = video.configuration;
  const heard = sound ? timed(sound.samples.filter(({ timestamp }) => timestamp >= start), start) : [];
  const tracks = [
    { id: 1, width, height, entry: videoEntry(/** @type {any} */ (video.configuration)), samples: timed(video.samples, start) },
    ...(sound && heard.length ? [{ id: 2, entry: soundEntry(sound.configuration), samples: heard }] : []),
  ];
  const all = tracks.flatMap(({ samples }) => samples).sort((a, b) => a.at - b.at);
  const bytes = all.reduce((sum, { payload }) => sum + payload.length, 0);
  const beginning = box("ftyp", ascii("isom"), number(0x200, 4), ascii("isomiso2mp41"));

  const duration = Math.max(...tracks.map(({ samples }) => samples.reduce((sum, sample) => sum + sample.duration, 0)));
  const movie = () => box(
    "moov", movieHeader(duration, tracks.length + 1),
    ...tracks.map(({ entry, samples, ...track }) => trackBox({ ...track, duration }, tableOf(entry, samples, "width" in track))),
  );
  // Offsets count from the file's first byte; they take the same room whatever they are.
  let offset = beginning.length + movie().length + 8;
  for (const sample of all) {
    sample.offset = offset;
    offset += sample.payload.length;
  }
  const codecs = [video.configuration.codec, ...(tracks.length > 1 ? ["opus"] : [])].join(",");
  const media = [concat(number(bytes + 8, 4), ascii("mdat")), ...all.map(({ payload }) => payload)];
  return { mime: `video/mp4;codecs="${codecs}"`, parts: [beginning, movie(), ...media] };
}

/** Each lasts until the next begins; the first begins with the file. @param {Sample[]} samples @param {number} start */
const timed = (samples, start) => samples.map((sample, index) => {
  const at = index ? sample.timestamp - start : 0;
  const end = index + 1 < samples.length ? samples[index + 1].timestamp - start : at + sample.duration;
  return { ...sample, at, duration: Math.max(1, end - at), offset: 0 };
});

/** @param {Uint8Array} entry @param {ReturnType<typeof timed>} samples @param {boolean} isVideo */
function tableOf(entry, samples, isVideo) {
  const list = (/** @type {number[]} */ values) => concat(number(values.length, 4), ...values.map((value) => number(value, 4)));
  const keys = samples.flatMap(({ key }, index) => (key ? [index + 1] : []));
  return box(
    "stbl",
    fullBox("stsd", 0, 0, number(1, 4), entry),
    fullBox("stts", 0, 0, number(samples.length, 4), ...samples.map(({ duration }) => concat(number(1, 4), number(duration, 4)))),
    // Without it every sample is a keyframe, as with sound.
    ...(isVideo ? [fullBox("stss", 0, 0, list(keys))] : []),
    fullBox("stsc", 0, 0, number(1, 4), number(1, 4), number(1, 4), number(1, 4)),
    fullBox("stsz", 0, 0, number(0, 4), list(samples.map(({ payload }) => payload.length))),
    fullBox("stco", 0, 0, list(samples.map(({ offset }) => offset))),
  );
}

/** Opus in ISOBMFF. @param {Record<string, any>} configuration as its frame has it */
const soundEntry = ({ sample_rate: rate = 48_000, channels = 1 }) => box(
  "Opus", zeros(6), number(1, 2), zeros(8), number(channels, 2), number(16, 2), zeros(4), number(48_000 * 0x10000, 4),
  box("dOps", [0, channels], number(312, 2), number(rate, 4), zeros(2), [0]),
);
