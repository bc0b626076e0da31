// @ts-check
// Debian's `motion` on a file, in the foreground and with its own defaults, as something to compare with. It plays the file at its own
// pace, as it would a camera, and events are what its hooks say.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** As our trigger's: the pause that ends an event. Its own default of 60 s would make one event of most files. */
const EVENT_GAP = 2;

/** @param {string} path */
function shape(path) {
  const { stdout } = spawnSync(
    "ffprobe",
    ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height:packet=pts_time", "-of", "json", path],
    { maxBuffer: 1 << 28 },
  );
  const { streams, packets } = JSON.parse(String(stdout));
  const times = packets.map((/** @type {any} */ packet) => Number(packet.pts_time)).filter(Number.isFinite);
  return { width: streams[0].width, height: streams[0].height, seconds: Math.max(...times) - Math.min(...times), pictures: times.length };
}

/** @param {string} path @returns {Promise<import("./judge.js").Run>} */
export async function runDebianMotion(path) {
  if (spawnSync("motion", ["-h"]).error) throw new Error("motion is missing: apt-get install motion");
  const { width, height, seconds, pictures } = shape(path);
  const folder = mkdtempSync(join(tmpdir(), "motion-eval-"));
  try {
    const says = join(folder, "says"), config = join(folder, "motion.conf");
    writeFileSync(says, "");
    const hook = (/** @type {string} */ word) => `/bin/sh -c 'echo ${word} $(date +%%s.%%N) >> ${says}'`;
    writeFileSync(config, [
      "daemon off", "setup_mode off", `target_dir ${folder}`, `netcam_url file://${resolve(path)}`,
      `width ${width}`, `height ${height}`, "framerate 10",
      `event_gap ${EVENT_GAP}`, "movie_output off", "picture_output off", "webcontrol_port 0", "stream_port 0",
      `on_event_start ${hook("start")}`, `on_motion_detected ${hook("motion")}`,
    ].join("\n") + "\n");
    const log = join(folder, "log");
    const program = spawn("motion", ["-n", "-c", config, "-l", log, "-p", join(folder, "pid")], { stdio: "ignore" });
    const ended = once(program, "close");
    const started = await connected(log);
    await wait(seconds * 1000);
    program.kill("SIGTERM");
    await Promise.race([ended, wait(5000)]);
    program.kill("SIGKILL");
    return eventsOf(readFileSync(says, "utf8"), started, seconds, pictures);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** When it began to play. @param {string} log */
async function connected(log) {
  for (let tries = 0; tries < 400; tries++) {
    if (existsSync(log) && /Camera .*connected/.test(readFileSync(log, "utf8"))) return Date.now() / 1000;
    await wait(50);
  }
  throw new Error("motion did not open the file within 20 s");
}

/** @param {string} said @param {number} started @param {number} seconds @param {number} frames @returns {import("./judge.js").Run} */
function eventsOf(said, started, seconds, frames) {
  /** @type {import("./judge.js").Event[]} */
  const events = [];
  for (const line of said.split("\n")) {
    const [word, time] = line.split(" ");
    const second = Math.max(0, Number(time) - started);
    // When the file is over, it plays it anew.
    if (!word || second > seconds) continue;
    const last = events.at(-1);
    if (word === "start") events.push({ begin: second, opened: second, end: second, peak: NaN });
    else if (last) last.end = second;
  }
  return { events, motions: events, tampers: [], candidates: 0, frames, seconds, msPerFrame: NaN };
}
