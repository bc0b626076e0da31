// @ts-check
// Numbers that look random and are the same for the same seed.

export class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.state = (seed * 2654435761 + 12345) >>> 0;
    for (let i = 0; i < 4; i++) this.next();
  }

  /** 0…1, mulberry32. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** @param {number} from @param {number} to */
  between(from, to) {
    return from + (to - from) * this.next();
  }

  /** Mean 0, deviation 1 (Box and Muller). */
  normal() {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

const table = new Float32Array(1 << 16);
const filler = new Random(99);
for (let i = 0; i < table.length; i++) table[i] = filler.normal();

/**
 * Adds noise of the deviation `sigma`; a table read from random places, since logarithms for every pixel take long.
 * @param {Float32Array} values @param {number} sigma @param {Random} random
 */
export function addNoise(values, sigma, random) {
  for (let start = 0; start < values.length; start += 160) {
    const from = Math.floor(random.next() * (table.length - 160));
    const end = Math.min(values.length, start + 160);
    for (let i = start; i < end; i++) values[i] += sigma * table[from + i - start];
  }
}
