// Recorded material beside the project, decoded by ffmpeg into small grey pictures.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const WIDTH = 160;
export const HEIGHT = 90;

/** The path, or the reason why there is none. */
export function recorded(name) {
  const path = fileURLToPath(new URL(`../../../shared/media/${name}`, import.meta.url));
  if (!existsSync(path)) return { skip: `no recorded material at ../shared/media/${name}` };
  if (spawnSync("ffmpeg", ["-version"]).status !== 0) return { skip: "ffmpeg is not installed" };
  return { path };
}

/** Pictures of 160x90 at `rate` a second. */
export function pictures(path, rate, seconds) {
  const limit = seconds ? ["-t", String(seconds)] : [];
  const result = spawnSync(
    "ffmpeg",
    ["-v", "quiet", "-i", path, ...limit, "-an", "-vf", `fps=${rate},scale=${WIDTH}:${HEIGHT}`, "-pix_fmt", "gray", "-f", "rawvideo", "-"],
    { maxBuffer: 1 << 30 },
  );
  const all = new Uint8Array(result.stdout);
  const size = WIDTH * HEIGHT;
  return Array.from({ length: Math.floor(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size));
}
