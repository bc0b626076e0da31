// @ts-check
// What one is used to: sounds that come again and again must become louder than they were to be news.

/** A voice that goes on, such as a television's, is learnt in so much time of it, its loud syllables rather than its quiet ones, and forgotten in so much without. */
const VOICE_LEARN_MS = 6_000;
const VOICE_SOFTER_MS = 60_000;
const VOICE_FORGET_MS = 120_000;
const VOICE_FACTOR = 1.25;
const VOICE_STEP = 3;

export class VoiceHabit {
  /** dB above the floor */
  level = 0;

  /**
   * @param {number} excess dB above the floor, 0 without a voice
   * @param {number} margin what is news when one is used to nothing
   * @param {number} ms since the frame before
   * @returns {number} the excess without what one is used to
   */
  update(excess, margin, ms) {
    const surplus = Math.max(0, this.level * VOICE_FACTOR + VOICE_STEP - margin);
    const slowness = excess === 0 ? VOICE_FORGET_MS : excess > this.level ? VOICE_LEARN_MS : VOICE_SOFTER_MS;
    this.level += (excess - this.level) * (ms / slowness);
    return excess > 0 ? excess - surplus : 0;
  }
}

/** A bang must be so much louder than the ones before it, dB. */
const BANG_STEP = 6;
/** Clicks, which are no bangs one by one, are learnt as bangs that are quieter by this: two of them together may look like one, dB. */
const CLICK = 6;
/** A bang becomes part of what was before after so long. */
const BANG_DELAY_MS = 400;
/** How fast one forgets a single bang, dB/s; the more there were, the slower. */
const BANG_FORGET = 1.5;
const MANY = 4;
const COUNT_MS = 120_000;
/** A rise that counts as one more, dB, and the least time between two. */
const RISE = 8;
const APART_MS = 80;

export class BangHabit {
  /** dB above the floor */
  level = 0;
  /** How many there were lately. */
  count = 0;
  /** @type {number[]} */ #delayed = [];
  /** @type {number[]} */ #recent = [];
  #sinceRise = Infinity;

  /**
   * @param {number} excess how far what may be a bang is above the floor, dB
   * @param {number} peak how far the loudest of it is
   * @param {number} now how far this frame is
   * @param {number} least what is news when one is used to nothing
   * @param {number} ms since the frame before
   * @returns {number} the excess without what one is used to
   */
  update(excess, peak, now, least, ms) {
    this.count *= Math.exp(-ms / COUNT_MS);
    this.#sinceRise += ms;
    if (now - Math.min(...this.#recent, now) >= RISE && this.#sinceRise >= APART_MS) {
      this.count++;
      this.#sinceRise = 0;
    }
    this.#recent.push(now);
    if (this.#recent.length > 4) this.#recent.shift();
    this.level = Math.max(0, this.level - (BANG_FORGET * ms) / 1000 / (1 + this.count / MANY));
    this.#delayed.push(Math.max(excess, peak - CLICK));
    if (this.#delayed.length > BANG_DELAY_MS / ms) this.level = Math.max(this.level, this.#delayed.shift() ?? 0);
    return excess - Math.max(0, this.level + BANG_STEP - least);
  }
}
