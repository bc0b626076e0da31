// @ts-check
// Everything heavy that becomes of camera and microphone, in a worker: encoding, motion, sound. It goes on at full speed while the page is hidden.
// `capture.js` is its other half.

import { AudioCoder } from "./audio-coder.js";
import { MotionJudge } from "./motion-judge.js";
import { pageNow } from "./page-clock.js";
import { SoundJudge } from "./sound-judge.js";
import { VideoCoder } from "./video-coder.js";

const STATS_MS = 1000;

/** @type {VideoCoder|null} */ let video = null;
/** @type {AudioCoder|null} */ let audio = null;
/** @type {SoundJudge|null} */ let sound = null;
let frames = 0;
let frameAt = 0;
/** Each resolves when its track has ended and all that came of it was taken. @type {Promise<void>[]} */
const followed = [];

/** @param {Record<string, unknown>} message @param {Transferable[]} [transfer] */
const post = (message, transfer = []) => globalThis.postMessage(message, { transfer });

/** @param {"video"|"audio"|"motion"|"sound"} part @returns {(error: any) => void} */
const failed = (part) => (error) => post({ type: "failed", part, reason: String(error?.message ?? error) });

const motion = new MotionJudge((result) => post({ type: "motion", result }), failed("motion"));

/** @param {"video"|"audio"} part @returns {import("./video-coder.js").Coder} */
const coder = (part) => ({
  onChunk: (chunk) => post({ type: "chunk", chunk }, [chunk.data.buffer]),
  onConfiguration: (track, json) => post({ type: "configuration", track, json }),
  onError: failed(part),
});

/** @param {VideoFrame} frame which is closed */
function picture(frame) {
  frames++;
  frameAt = pageNow();
  try {
    video?.encode(frame);
    motion.frame(frame);
  } finally {
    frame.close();
  }
}

/** @param {AudioData} data which is closed */
function samples(data) {
  try {
    audio?.encode(data);
    sound?.data(data);
  } finally {
    data.close();
  }
}

/** @template T @param {ReadableStream<T>} readable @param {(value: T) => void} body */
async function follow(readable, body) {
  const reader = readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    body(value);
  }
}

/**
 * Blocks of an AudioWorklet: the same as a track's data from here on.
 * @param {{samples: Float32Array<ArrayBuffer>, sampleRate: number, timestamp: number}} block
 */
const blockData = ({ samples: data, sampleRate, timestamp }) =>
  new AudioData({ format: "f32", sampleRate, numberOfFrames: data.length, numberOfChannels: 1, timestamp, data });

function stats() {
  post({
    type: "stats", frames, frameAt, sameSince: motion.sameSince,
    encoder: video ? { ...video.counts, queue: video.queue, lagMs: video.takeLag() } : null,
  });
}

/** @type {Record<string, (message: any) => void>} */
const handlers = {
  start({ origin, video: configuration, quality, encodesSound, motion: motionSettings, sound: soundSettings }) {
    if (configuration) video = new VideoCoder(configuration, { origin, quality }, coder("video"));
    if (encodesSound) audio = new AudioCoder({ origin }, coder("audio"));
    motion.set(motionSettings);
    handlers.sound({ settings: soundSettings });
    setInterval(stats, STATS_MS);
  },
  pictures: ({ readable }) => { followed.push(follow(readable, picture).catch(failed("video"))); },
  samples: ({ readable }) => { followed.push(follow(readable, samples).catch(failed("audio"))); },
  blocks({ port }) {
    port.onmessage = (/** @type {MessageEvent} */ { data }) => {
      if (audio) samples(blockData(data));
      else sound?.block(data);
    };
  },
  picture({ frame }) {
    picture(frame);
    post({ type: "taken" });
  },
  luma({ luma, width, height }) {
    frames++;
    frameAt = pageNow();
    motion.luma(luma, width, height);
  },
  keyframe: () => video?.forceKeyframe(),
  quality: ({ quality }) => video?.setQuality(quality),
  motion: ({ settings }) => motion.set(settings),
  sound({ settings }) {
    if (!settings.enabled) sound = null;
    else if (sound) sound.set(settings);
    else sound = new SoundJudge(settings, (result) => post({ type: "sound", result }));
  },
  relearn() {
    motion.relearn();
    sound?.relearn();
  },
  async stop() {
    // The tracks were stopped. Cancelled instead, what is on its way would never be closed.
    await Promise.all(followed);
    await Promise.all([video?.finish(), audio?.finish()]);
    post({ type: "stopped" });
  },
};

addEventListener("message", ({ data }) => {
  try {
    handlers[data.type](data);
  } catch (error) {
    failed("video")(error);
  }
});
