import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { concat, valueOf } from "../../Public/js/lib/bytes.js";
import { clipFile } from "../../Public/js/sensor/clip-file.js";

const folder = mkdtempSync(join(tmpdir(), "pingwatch-"));
after(() => rmSync(folder, { recursive: true }));
const skip = spawnSync("ffprobe", ["-version"]).status === 0 ? false : "ffmpeg is not installed";

/** The elements of Matroska in a part of a file. */
function* elements(bytes, start, end) {
  for (let at = start; at < end;) {
    const idLength = Math.clz32(bytes[at]) - 23;
    const id = valueOf(bytes, at, idLength);
    const first = bytes[at + idLength], length = Math.clz32(first) - 23;
    const size = valueOf(bytes, at + idLength, length) - 2 ** (7 * length);
    const content = at + idLength + length;
    yield { id, start: content, end: content + size };
    at = content + size;
  }
}
const MASTERS = new Set([0x18538067, 0x1f43b675, 0x1654ae6b, 0xae, 0xa0]);
function* walk(bytes, start = 0, end = bytes.length) {
  for (const element of elements(bytes, start, end)) {
    yield element;
    if (MASTERS.has(element.id)) yield* walk(bytes, element.start, element.end);
  }
}

/** What a camera would have stored: three seconds at ten pictures a second, a keyframe every second, beginning late on the phone's clock. */
function recorded(video, codec) {
  const path = join(folder, "made.mkv");
  const made = spawnSync("ffmpeg", [
    "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=3", "-f", "lavfi", "-i", "sine=duration=3:sample_rate=48000",
    ...video.split(" "), "-c:a", "libopus", "-f", "matroska", path]);
  assert.equal(made.status, 0, String(made.stderr));
  const bytes = new Uint8Array(readFileSync(path));
  const tracks = [{ track: 0, kind: "video", codec, width: 160, height: 120 }, { track: 1, kind: "audio", codec: "opus", sample_rate: 48000, channels: 1 }];
  const frames = tracks.map(({ track }) => ({ flags: 2, track, timestamp: 700e6, duration: 0, payload: new Uint8Array(9) }));
  let cluster = 0, entry = -1;
  for (const { id, start, end } of walk(bytes)) {
    if (id === 0xae) entry++;
    if (id === 0x63a2) tracks[entry].description = Buffer.from(bytes.subarray(start, end)).toString("base64");
    if (id === 0xe7) cluster = valueOf(bytes, start, end - start);
    if (id !== 0xa3 && id !== 0xa1) continue;
    const track = (bytes[start] & 0x7f) - 1;
    const at = cluster + (valueOf(bytes, start + 1, 2) << 16 >> 16);
    frames.push({ flags: bytes[start + 3] & 0x80 ? 1 : 0, track, timestamp: 700e6 + at * 1000, duration: track ? 20_000 : 100_000, payload: bytes.slice(start + 4, end) });
  }
  return { tracks, frames };
}

/** What ffprobe says of a file, and how many pictures and packets of sound decode without a complaint. */
function probe({ parts }) {
  const path = join(folder, "checked");
  writeFileSync(path, concat(...parts));
  const result = spawnSync("ffprobe", ["-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", path]);
  assert.equal(String(result.stderr), "");
  const { streams, format } = JSON.parse(String(result.stdout));
  return { streams, duration: Number(format.duration), frames: (type) => Number(streams.find(({ codec_type }) => codec_type === type)?.nb_read_frames ?? 0) };
}

const FORMATS = [
  ["H.264", "-c:v libx264 -preset ultrafast -bf 0 -g 10 -pix_fmt yuv420p", "avc1.42c00b", "video/mp4;codecs=\"avc1.42c00b,opus\""],
  ["VP8", "-c:v libvpx -deadline realtime -g 10", "vp8", "video/webm;codecs=\"vp8,opus\""],
];
for (const [name, options, codec, mime] of FORMATS) {
  test(`a stored clip of ${name} becomes a file with its length, its sound and its keyframes`, { skip }, () => {
    const { tracks, frames } = recorded(options, codec);
    const file = clipFile(tracks, frames);
    assert.equal(file.mime, mime);
    const about = probe(file);
    assert.equal(about.frames("video"), 30);
    assert.ok(about.frames("audio") >= 148, `${about.frames("audio")} packets of sound`);
    assert.ok(Math.abs(about.duration - 3) < 0.1, `${about.duration} s`);
    const path = join(folder, "checked");
    const seek = spawnSync("ffprobe", ["-v", "error", "-read_intervals", "2.05%+#1", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0", path]);
    assert.match(String(seek.stdout), /^2\.0/, "it can be entered at a keyframe");
  });

  test(`a clip of ${name} without sound, or cut before a keyframe, is a file all the same`, { skip }, () => {
    const { tracks, frames } = recorded(options, codec);
    const cut = frames.filter(({ track, flags }) => track === 0 && flags !== 2).slice(5);
    assert.equal(probe(clipFile(tracks.slice(0, 1), cut)).frames("video"), 20);
  });
}

test("what a recorder wrote is a file as it is", () => {
  const frames = [1, 2].map((value) => ({ flags: 0, track: 0, timestamp: 0, duration: 0, payload: new Uint8Array([value]) }));
  const file = clipFile([{ track: 0, kind: "container", codec: "video/webm;codecs=vp8" }], frames);
  assert.deepEqual(file, { mime: "video/webm;codecs=vp8", parts: [new Uint8Array([1]), new Uint8Array([2])] });
});

test("a clip without a picture, and one of a codec that no file here takes, are refused in words", () => {
  const tracks = [{ track: 0, kind: "video", codec: "av01.0.04M.08", width: 2, height: 2 }];
  const key = { flags: 1, track: 0, timestamp: 0, duration: 1, payload: new Uint8Array(1) };
  assert.throws(() => clipFile(tracks, []), /no picture/);
  assert.throws(() => clipFile(tracks, [key]), /av01.*cannot be put into WebM/);
});
