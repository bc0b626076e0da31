// Recorded sound for the engine: any file that ffmpeg reads, as one channel of samples.
import { spawnSync } from "node:child_process";

/** @param {string} path @param {number} [sampleRate] @returns {Float32Array} */
export function samples(path, sampleRate = 16_000) {
  const { status, stdout, stderr } = spawnSync(
    "ffmpeg", ["-v", "error", "-nostdin", "-i", path, "-vn", "-ac", "1", "-ar", String(sampleRate), "-f", "f32le", "-"], { maxBuffer: 1 << 30 },
  );
  // A recording that was cut off is heard up to the cut.
  if (status !== 0 && !stdout?.length) throw new Error(`ffmpeg cannot read ${path}: ${String(stderr).trim()}`);
  return new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.byteLength - (stdout.byteLength % 4)));
}
