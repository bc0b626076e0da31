import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SoundEngine } from "../../Public/js/lib/sound.js";
import { DEFAULT_SENSITIVITY, soundLimits, soundWords } from "../../Public/js/lib/sound-words.js";
import { Spectrum } from "../../Public/js/lib/sound-spectrum.js";
import { samples } from "../detection/sound-decode.js";
import { pink, random, RATE, SCENES, slam, speech, white } from "../detection/sound-generators.js";
import { engine, events, fixedThreshold, judge } from "../detection/sound-judge.js";
import { recorded } from "./media.js";

const SEEDS = [6, 7];
/** The engine is not so good at these, all seeds together: [missed, false alarms], and the sensitivity where it is another. */
const ALLOWED = {
  "speech, 6 dB over the noise": [1, 0, 90],
  "a television, on and off": [0, 8],
};

for (const [name, make] of Object.entries(SCENES)) {
  test(`sound: ${name}`, () => {
    const [missedAllowed = 0, falseAllowed = 0, sensitivity = DEFAULT_SENSITIVITY] = ALLOWED[name] ?? [];
    const all = { missed: 0, false: 0, found: [] };
    for (const seed of SEEDS) {
      const { samples: pcm, truth, optional } = make(seed);
      const { found } = events(pcm, RATE, engine({ sensitivity }));
      const verdict = judge(found, truth, optional);
      all.missed += verdict.missed.length;
      all.false += verdict.false.length;
      all.found.push(...found.map(({ from, to, kind }) => `${seed}: ${kind} ${from.toFixed(2)}–${to.toFixed(2)}`));
      for (const delay of verdict.delays) assert.ok(delay < 4, `${delay} s late`);
    }
    assert.ok(all.missed <= missedAllowed && all.false <= falseAllowed, JSON.stringify(all));
  });
}

test("sound: a television is news when it begins and hardly any more after two minutes", () => {
  for (const seed of SEEDS) {
    const { samples: pcm } = SCENES["a television, on and off"](seed);
    const { found } = events(pcm, RATE, engine());
    const loud = (from, to) => found.reduce((sum, event) => sum + Math.max(0, Math.min(event.to, to) - Math.max(event.from, from)), 0);
    assert.ok(loud(0, 60) > 20, `${loud(0, 60)} s of the first minute`);
    assert.ok(loud(140, 260) < 25, `${loud(140, 260)} s of the last two`);
  }
});

test("sound: the judge tells misses, false alarms and what may be found once", () => {
  const at = (from, to = from + 1) => ({ from, to });
  assert.deepEqual(judge([at(1), at(5), at(20), at(30), at(31.5)], [[5, 6], [10, 11]], [[30, 33]]), {
    missed: [[10, 11]], false: [at(1), at(20), at(31.5)], delays: [0], allowed: 1,
  });
  assert.deepEqual(judge([at(4, 12)], [[5, 6]], []), { missed: [], false: [at(4, 12)], delays: [0], allowed: 0 });
});

test("sound: the anchor is as deaf and as nervous as it is known to be", () => {
  const next = random(3);
  const fan = white(20, -40, next);
  assert.equal(events(fan, RATE, fixedThreshold(40)).found.length, 1, "a fan for ever");
  assert.ok(events(fan, RATE, fixedThreshold(40)).found[0].to > 19.9);
  assert.equal(events(speech(5, -38, next), RATE, fixedThreshold(60)).found.length, 0);
});

test("sound: blocks of any size and rate say the same", () => {
  const next = random(4);
  const pcm = pink(20, -55, next);
  speech(5, -30, next).forEach((value, i) => { pcm[8 * RATE + i] += value; });
  const [usual] = events(pcm, RATE, engine()).found;
  for (const blockMs of [2.6, 8, 64, 500, 20_000]) {
    const { found } = events(pcm, RATE, engine(), blockMs);
    assert.equal(found.length, 1, `blocks of ${blockMs} ms`);
    assert.ok(Math.abs(found[0].from - usual.from) < 0.03, `blocks of ${blockMs} ms: ${found[0].from}, not ${usual.from}`);
  }
  // Three times the samples, by straight lines between.
  const finer = Float32Array.from({ length: pcm.length * 3 - 3 }, (_, i) => pcm[Math.floor(i / 3)] + (pcm[Math.floor(i / 3) + 1] - pcm[Math.floor(i / 3)]) * ((i % 3) / 3));
  const { found } = events(finer, RATE * 3, engine());
  assert.equal(found.length, 1);
  assert.ok(found[0].from > 8 && found[0].from < 8.7, `${found[0].from}`);
});

test("sound: the same samples give the same results", () => {
  const pcm = speech(4, -30, random(9));
  const run = () => new SoundEngine().process(pcm, RATE, 1000);
  assert.deepEqual(run(), run());
});

test("sound: what is no number, beyond full scale, or missing does no harm", () => {
  const next = random(5);
  const own = new SoundEngine();
  const bad = pink(6, -50, next);
  for (let i = 0; i < bad.length; i += 97) bad[i] = [NaN, Infinity, -Infinity][i % 3];
  const results = own.process(bad, RATE, 0);
  for (const { level, floor, score, threshold } of results) assert.ok([level, floor, score, threshold].every(Number.isFinite) && level <= 0);
  // After the fault the engine works as before.
  own.process(pink(10, -55, next), RATE, 6000);
  assert.ok(own.process(slam(-6, next), RATE, 16_000).some(({ loud }) => loud));
  assert.deepEqual(own.process(new Float32Array(0), RATE, 17_000), []);
  assert.throws(() => own.process(bad, 0, 0), /sampleRate: 0/);
});

test("sound: digital silence is quiet, and its level is the lowest that is shown", () => {
  const results = new SoundEngine().process(new Float32Array(RATE * 3), RATE, 0);
  assert.equal(results[0].state, "learning");
  assert.deepEqual([results.at(-1).state, results.at(-1).level, results.at(-1).score], ["quiet", -100, 0]);
});

test("sound: samples that are missing for a while leave what was learnt", () => {
  const next = random(6);
  const own = new SoundEngine();
  own.process(pink(10, -50, next), RATE, 0);
  const after = own.process(pink(5, -50, next), RATE, 60_000);
  assert.ok(after.every(({ state }) => state === "quiet"));
  assert.ok(after[0].at > 60_000 && after[0].at < 60_100);
});

test("sound: the times of results are those of the samples, though blocks come late", () => {
  const own = new SoundEngine();
  const next = random(7);
  let last = 0;
  for (let i = 0; i < 500; i++) {
    for (const { at } of own.process(white(0.02, -50, next), RATE, i * 20 + 15 * next())) {
      assert.ok(at > last && Math.abs(at - (i + 1) * 20) < 20, `${at}`);
      last = at;
    }
  }
});

test("sound: level is the mean square, whatever the rate", () => {
  for (const rate of [8000, 16_000, 44_100, 48_000]) {
    const tone = Float32Array.from({ length: rate }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 1000 * i) / rate));
    const { level } = new SoundEngine().process(tone, rate, 0).at(-1);
    assert.ok(Math.abs(level - -9.03) < 0.1, `${rate}: ${level}`);
    const spectrum = new Spectrum(rate);
    spectrum.analyse(tone.subarray(0, spectrum.size));
    const power = 10 * Math.log10(spectrum.power.reduce((sum, value) => sum + value, 0));
    assert.ok(Math.abs(power - -9.03) < 0.3, `${rate}: ${power}`);
  }
});

test("sound: more sensitive hears what less does, and each has its words", () => {
  const next = random(8);
  const pcm = pink(16, -50, next);
  speech(5, -38, next).forEach((value, i) => { pcm[8 * RATE + i] += value; });
  const heard = [0, 25, 50, 75, 100].map((sensitivity) => events(pcm, RATE, engine({ sensitivity })).found.length > 0);
  assert.deepEqual(heard, [...heard].sort((a, b) => a - b));
  assert.deepEqual([heard[0], heard.at(-1)], [false, true]);
  assert.equal(soundWords(0), "a bang or a shout beside the phone");
  assert.equal(soundWords(20), "a shout nearby");
  assert.equal(soundWords(85), "talking across the room");
  assert.deepEqual(soundLimits(1000), soundLimits(100));
  assert.deepEqual(soundLimits(NaN), soundLimits(DEFAULT_SENSITIVITY));
});

test("sound: after an event only what is clearly louder begins another at once", () => {
  const next = random(10);
  const all = pink(20, -60, next);
  slam(-10, next).forEach((value, i) => { all[6 * RATE + i] += value; });
  const results = new SoundEngine().process(all, RATE, 0);
  const end = results.findIndex(({ loud }, index) => index > 0 && !loud && results[index - 1].loud);
  assert.ok(end > 0);
  assert.ok(results[end + 1].threshold > 1.4 * results[0].threshold);
  assert.equal(results[end + 120].threshold, results[0].threshold);
});

const talk = recorded("speech.wav"), keys = recorded("typing.wav");

test("speech.wav is one event, at its beginning", { skip: talk.skip }, () => {
  for (const rate of [16_000, 48_000]) {
    const { found } = events(samples(talk.path, rate), rate, engine());
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.ok(found[0].from > 0.5 && found[0].from < 1 && found[0].kind === "voice", JSON.stringify(found));
  }
});

test("the voice of speech.wav is found in noise only 5 dB below it", { skip: talk.skip }, () => {
  const voice = samples(talk.path, RATE);
  for (const [index, noise] of [pink, white].entries()) {
    for (const seed of SEEDS) {
      const all = noise(15, -45, random(seed));
      // Where it speaks it has −18 dBFS.
      voice.forEach((value, i) => { all[8 * RATE + i] += value * 10 ** ((-45 + 5 + 18) / 20); });
      const { found } = events(all, RATE, engine());
      assert.equal(judge(found, [[8.6, 12.3]]).missed.length, 0, `noise ${index}, seed ${seed}: ${JSON.stringify(found)}`);
      assert.equal(found.length, 1, JSON.stringify(found));
    }
  }
});

test("typing.wav is at most one event, at its onset", { skip: keys.skip }, () => {
  for (const rate of [16_000, 48_000]) {
    for (const sensitivity of [25, 50, 65, 75, 90]) {
      const { found } = events(samples(keys.path, rate), rate, engine({ sensitivity }));
      assert.ok(found.length <= 1 && found.every(({ from }) => from < 3), `${rate}, ${sensitivity}: ${JSON.stringify(found)}`);
    }
  }
});

test("audio-eval prints events, and with truth how good they are", { skip: talk.skip }, () => {
  const script = fileURLToPath(new URL("../detection/sound-eval.js", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script, talk.path, "--json"], { encoding: "utf8" });
  assert.equal(status, 0);
  const rows = Object.values(JSON.parse(stdout).recordings)[0];
  assert.equal(rows["Ping Watch"].events, 1);
  assert.equal(rows["Ping Watch"].missed, undefined);
  const missing = spawnSync(process.execPath, [script, talk.path, "--sensitivity", "900"], { encoding: "utf8" });
  assert.equal(missing.status, 64);
  assert.match(missing.stderr, /--sensitivity/);
});
