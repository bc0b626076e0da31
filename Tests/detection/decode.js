// @ts-check
// Small grey pictures of a video file with their own times, at the rate at which the sensor looks.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { LUMA_HEIGHT, LUMA_WIDTH } from "../../Public/js/lib/luma.js";

/** The sensor leaves pictures out that come sooner after the last. */
const INTERVAL = 0.095;

/**
 * The times are those of the pictures, never a rate from a header.
 * @param {string} path @param {{seconds?: number, filter?: string}} [options] `filter`: of ffmpeg, before the picture is made small
 * @returns {AsyncGenerator<import("./judge.js").Picture>} `at`: ms since the first
 */
export async function* decode(path, { seconds, filter } = {}) {
  const sampled = `select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,${INTERVAL})'`;
  const filters = [sampled, ...(filter ? [filter] : []), `scale=${LUMA_WIDTH}:${LUMA_HEIGHT}:flags=area`, "format=gray", "showinfo"].join(",");
  const ffmpeg = spawn("ffmpeg", [
    "-hide_banner", "-nostdin", "-nostats", "-loglevel", "info", "-i", path, ...(seconds ? ["-t", String(seconds)] : []),
    "-an", "-sn", "-dn", "-map", "0:v:0", "-fps_mode", "passthrough", "-vf", filters, "-f", "rawvideo", "-",
  ], { stdio: ["ignore", "pipe", "pipe"] });
  /** @type {number[]} */
  const times = [];
  let said = "";
  const lines = createInterface({ input: ffmpeg.stderr });
  const saying = (async () => {
    for await (const line of lines) {
      const time = /showinfo.* n: *\d+ .*pts_time:(-?[\d.]+)/.exec(line);
      if (time) times.push(Number(time[1]));
      else if (!line.includes("showinfo")) said = `${said}${line}\n`.slice(-2000);
    }
  })();
  const ended = once(ffmpeg, "close");
  const size = LUMA_WIDTH * LUMA_HEIGHT;
  /** @type {Uint8Array[]} */
  const waiting = [];
  let rest = new Uint8Array(0), index = 0;
  const isDue = () => waiting.length && index < times.length;
  const next = () => {
    const picture = { luma: /** @type {Uint8Array} */ (waiting.shift()), at: (times[index] - times[0]) * 1000 };
    index++;
    return picture;
  };
  try {
    for await (const chunk of ffmpeg.stdout) {
      let bytes = rest.length ? Buffer.concat([rest, chunk]) : chunk;
      for (; bytes.length >= size; bytes = bytes.subarray(size)) waiting.push(Uint8Array.from(bytes.subarray(0, size)));
      rest = bytes;
      while (isDue()) yield next();
    }
    await saying;
    while (isDue()) yield next();
    const [code] = await ended;
    if (!index) throw new Error(`${path}: ffmpeg made no picture of it (${code})\n${said.trim()}`);
  } finally {
    ffmpeg.kill();
  }
}
