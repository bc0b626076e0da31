import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ascii, box, concat, element, fullBox, number } from "../../Public/js/lib/bytes.js";
import { ContainerSplitter } from "../../Public/js/lib/container-splitter.js";
import { LatencyControl } from "../../Public/js/lib/latency.js";
import { Mp4Muxer } from "../../Public/js/lib/mp4-muxer.js";
import { WebMMuxer } from "../../Public/js/lib/webm-muxer.js";
import { recorded } from "./media.js";

const folder = mkdtempSync(join(tmpdir(), "pingwatch-"));
after(() => rmSync(folder, { recursive: true }));
const skip = spawnSync("ffprobe", ["-version"]).status === 0 ? false : "ffmpeg is not installed";

/** Three seconds at ten pictures a second, a keyframe every second. */
function make(options) {
  const path = join(folder, "made");
  const result = spawnSync("ffmpeg", [
    "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=3", "-f", "lavfi", "-i", "sine=duration=3:sample_rate=48000",
    ...options.split(" "), path]);
  assert.equal(result.status, 0, String(result.stderr));
  return new Uint8Array(readFileSync(path));
}

/** How many pictures are decoded; none of them damaged. */
function pictures(bytes) {
  const path = join(folder, "checked");
  writeFileSync(path, bytes);
  const result = spawnSync("ffprobe", ["-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path]);
  assert.equal(String(result.stderr), "");
  return parseInt(String(result.stdout), 10);
}

/** What comes out when the bytes come in such pieces, over and over. */
function split(bytes, ...sizes) {
  const splitter = new ContainerSplitter();
  const pieces = [];
  for (let at = 0, index = 0; at < bytes.length; at += sizes[index++ % sizes.length]) pieces.push(...splitter.push(bytes.slice(at, at + sizes[index % sizes.length])));
  return pieces;
}

const VP8 = "-c:v libvpx -deadline realtime -g 10";
const H264 = "-c:v libx264 -preset ultrafast -bf 0 -g 10 -pix_fmt yuv420p";
const FORMATS = {
  "a live WebM": `${VP8} -c:a libopus -f webm -live 1`,
  "a whole WebM": `${VP8} -c:a libopus -f webm`,
  "an MP4 of whole groups": `${H264} -c:a aac -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof`,
  "an MP4 of single pictures": `${H264} -an -f mp4 -movflags frag_every_frame+empty_moov+default_base_moof`,
};

for (const [name, options] of Object.entries(FORMATS)) {
  test(`${name} plays from any keyframe on, however it came`, { skip }, () => {
    const bytes = make(options);
    const [init, ...segments] = split(bytes, bytes.length);
    assert.equal(init.type, "init");
    assert.deepEqual(split(bytes, 1), [init, ...segments]);
    assert.deepEqual(split(bytes, 7, 1000, 3, 64), [init, ...segments]);
    const starts = segments.flatMap(({ key }, index) => (key ? [index] : []));
    assert.equal(starts.length, 3);
    starts.forEach((start, second) => {
      assert.ok(Math.abs(segments[start].timestamp - second * 1e6) < 30_000, `${segments[start].timestamp}`);
      assert.equal(pictures(concat(init.bytes, ...segments.slice(start).map((each) => each.bytes))), 30 - 10 * second);
    });
  });
}

for (const name of ["chrome-still-truncated.webm", "firefox-still.webm"]) {
  const { path, skip: reason } = recorded(name);
  test(`${name} is cut into what plays`, { skip: reason }, () => {
    const [init, ...segments] = split(new Uint8Array(readFileSync(path)), 5000);
    const start = segments.findIndex(({ key }) => key);
    assert.ok(pictures(concat(init.bytes, ...segments.slice(start).map((each) => each.bytes))) > 100);
  });
}

test("a block of a group is a keyframe when it refers to no other", () => {
  const head = concat(
    element([0x1a, 0x45, 0xdf, 0xa3]), [0x18, 0x53, 0x80, 0x67, 0xff],
    element([0x16, 0x54, 0xae, 0x6b], element([0xae], element([0xd7], [1]), element([0x83], [1]), element([0x86], [86]))));
  const block = (time) => element([0xa1], [0x81], number(time, 2), [0, 9]);
  const cluster = concat([0x1f, 0x43, 0xb6, 0x75, 0xff], element([0xe7], number(100, 2)), element([0xa0], block(0)), element([0xa0], block(40), element([0xfb], [0xff])));
  const segments = split(concat(head, cluster), 5).slice(1);
  assert.deepEqual(segments.map(({ key, timestamp }) => [key, timestamp]), [[true, 100_000], [false, 140_000]]);
  assert.deepEqual(segments[0].bytes, element([0x1f, 0x43, 0xb6, 0x75], element([0xe7], number(100, 8)), element([0xa0], block(0))));
});

for (const [name, each] of [["an MP4 of whole groups", 1e6], ["an MP4 of single pictures", 1e5]]) {
  test(`${name} says how long each piece lasts`, { skip }, () => {
    const segments = split(make(FORMATS[name]), 4096).slice(1);
    // The first picture beside sound lasts as long as the sound's encoder looks ahead.
    assert.deepEqual(segments.slice(1).map(({ duration }) => duration), segments.slice(1).map(() => each));
    segments.slice(1).forEach(({ timestamp }, index) => assert.ok(Math.abs(timestamp - segments[index].timestamp - segments[index].duration) <= 1));
  });
}

/** A file of a video and a sound track of 1000 ticks a second, whose samples last 40 and 20 ticks where nobody says otherwise. */
function fragmented(...trafs) {
  const trak = (id, handler) => box("trak", fullBox("tkhd", 0, 3, number(0, 8), number(id, 4)),
    box("mdia", fullBox("mdhd", 0, 0, number(0, 8), number(1000, 4)), fullBox("hdlr", 0, 0, number(0, 4), ascii(handler))));
  const trex = (id, duration) => fullBox("trex", 0, 0, number(id, 4), number(1, 4), number(duration, 4), number(0, 4), number(0x10000, 4));
  const moov = box("moov", trak(1, "vide"), trak(2, "soun"), box("mvex", trex(1, 40), trex(2, 20)));
  return concat(box("ftyp", ascii("iso5")), moov, box("moof", ...trafs), box("mdat", [1]));
}
const time = (ticks) => fullBox("tfdt", 1, 0, number(ticks, 8));
const numbers = (...values) => concat(...values.map((value) => number(value, 4)));
const VIDEO = fullBox("tfhd", 0, 0x20000, number(1, 4));

for (const [what, traf, expected] of [
  ["the track for all", [VIDEO, time(500), fullBox("trun", 0, 0, number(3, 4))], { key: false, timestamp: 500_000, duration: 120_000 }],
  ["the fragment for all", [fullBox("tfhd", 0, 0x2003a, numbers(1, 1, 50, 7, 0)), time(0), fullBox("trun", 0, 0, number(3, 4))], { key: true, timestamp: 0, duration: 150_000 }],
  ["each sample", [VIDEO, time(10), fullBox("trun", 0, 0x701, numbers(2, 99, 30, 7, 0, 35, 7, 0x10000))], { key: true, timestamp: 10_000, duration: 65_000 }],
  ["several runs", [VIDEO, time(0), fullBox("trun", 0, 0x105, numbers(2, 99, 0, 30, 33)), fullBox("trun", 0, 0, number(2, 4))], { key: true, timestamp: 0, duration: 143_000 }],
  ["sound alone, of which the time is known", [fullBox("tfhd", 0, 0x20000, number(2, 4)), time(700), fullBox("trun", 0, 0, number(2, 4))], { key: false, timestamp: 700_000, duration: 0 }],
]) {
  test(`the length of an MP4's piece, said by ${what}`, () => {
    const [, { key, timestamp, duration }] = split(fragmented(box("traf", ...traf)), 11);
    assert.deepEqual({ key, timestamp, duration }, expected);
  });
}

test("an MP4's piece is timed by its video, also behind its sound", () => {
  const sound = box("traf", fullBox("tfhd", 0, 0x20000, number(2, 4)), time(700), fullBox("trun", 0, 0, number(2, 4)));
  const video = box("traf", VIDEO, time(720), fullBox("trun", 0, 0, number(1, 4)));
  const [, { timestamp, duration }] = split(fragmented(sound, video), 64);
  assert.deepEqual([timestamp, duration], [720_000, 40_000]);
});

test("a run that is too short for its samples is refused", () => {
  assert.throws(() => split(fragmented(box("traf", VIDEO, time(0), fullBox("trun", 0, 0x100, numbers(9, 1)))), 64), RangeError);
});

test("what is no recording is refused", () => {
  assert.throws(() => split(new TextEncoder().encode("these are no bytes of a recorder"), 100), RangeError);
  assert.throws(() => split(Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 0x80, 0, 0, 0, 0), 9), RangeError);
});

test("H.264 units become an MP4 that plays from a keyframe on", { skip }, () => {
  const [init, ...segments] = split(make(FORMATS["an MP4 of single pictures"]), 4096);
  const at = Buffer.from(init.bytes).indexOf("avcC");
  const avcC = init.bytes.slice(at + 4, at - 4 + new DataView(init.bytes.buffer).getUint32(at - 4));
  const muxer = new Mp4Muxer({ codec: "avc1.42c00b", width: 160, height: 120, description: Buffer.from(avcC).toString("base64") });
  assert.equal(muxer.mime, 'video/mp4;codecs="avc1.42c00b"');
  // What is in the mdat of a fragment of one picture is its unit.
  const units = segments.map(({ bytes, key, timestamp }) => ({ key, timestamp: timestamp + 5e9, duration: 100_000, payload: bytes.slice(Buffer.from(bytes).indexOf("mdat") + 4) }));
  const parts = units.map((unit) => muxer.segment(unit));
  assert.equal(pictures(concat(muxer.init, ...parts)), 30);
  const again = split(concat(muxer.init, ...parts), 1000).slice(1);
  assert.deepEqual(again.map(({ key, timestamp }) => [key, timestamp]), units.map(({ key, timestamp }) => [key, timestamp]));
  assert.throws(() => new Mp4Muxer({ codec: "vp8", width: 1, height: 1, description: "AA==" }), TypeError);
});

for (const [codec, options] of [["vp8", VP8], ["vp09.00.10.08", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 10"]]) {
  test(`${codec} units become a WebM that plays`, { skip }, () => {
    const ivf = make(`${options} -an -f ivf`);
    const muxer = new WebMMuxer({ codec, width: 160, height: 120 });
    assert.equal(muxer.mime, `video/webm;codecs="${codec}"`);
    const view = new DataView(ivf.buffer);
    const parts = [];
    for (let at = 32, index = 0; at < ivf.length; at += 12 + view.getUint32(at, true), index++) {
      const payload = ivf.slice(at + 12, at + 12 + view.getUint32(at, true));
      parts.push(muxer.segment({ key: index % 10 === 0, timestamp: index * 100_000 + 7e9, duration: 100_000, payload }));
    }
    assert.equal(parts.length, 30);
    assert.equal(pictures(concat(muxer.init, ...parts)), 30);
    const again = split(concat(muxer.init, ...parts), 1000).slice(1);
    assert.deepEqual(again.map(({ key, timestamp }) => [key, timestamp]), parts.map((_, index) => [index % 10 === 0, index * 100_000 + 7e9]));
    assert.throws(() => new WebMMuxer({ codec: "av01.0.04M.08", width: 1, height: 1 }), TypeError);
  });
}

test("a picture that is late is played faster, and jumps when it is too late", () => {
  const control = new LatencyControl();
  assert.deepEqual(control.observe(0.1, 0), { rate: 1, jump: null });
  assert.equal(control.observe(0.01, 10).rate, 0.97);
  // What counts is the least of the last second.
  assert.equal(control.observe(5, 500).rate, 0.97);
  assert.equal(control.observe(0.4, 1100).rate, 1.06);
  assert.equal(control.observe(1, 2200).rate, 1.25);
  assert.deepEqual(control.observe(3, 3300), { rate: 1, jump: 0.2 });
  assert.equal(control.observe(0.2, 3400).rate, 1.06);
});

test("where the rate must not change, it jumps earlier", () => {
  const control = new LatencyControl({ canChangeRate: false });
  assert.deepEqual(control.observe(1, 0), { rate: 1, jump: null });
  assert.deepEqual(control.observe(2, 2000), { rate: 1, jump: 0.2 });
});
