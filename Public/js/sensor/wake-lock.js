// @ts-check
// Keeps the screen on; browsers take the lock away whenever the page is hidden, and some when the battery runs low.

export class WakeLock {
  isSupported = "wakeLock" in navigator;
  isHeld = false;
  /** @type {any} */ #lock = null;
  /** @type {AbortController|null} */ #abort = null;

  /** @param {(isHeld: boolean) => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
  }

  async start() {
    if (this.#abort) return;
    this.#abort = new AbortController();
    document.addEventListener("visibilitychange", () => this.ask(), { signal: this.#abort.signal });
    await this.ask();
  }

  stop() {
    this.#abort?.abort();
    this.#abort = null;
    this.#lock?.release().catch(() => {});
    this.#lock = null;
    this.#set(false);
  }

  /** Asks for it where it is missing. */
  async ask() {
    const signal = this.#abort?.signal;
    if (!signal || !this.isSupported || this.isHeld || document.visibilityState !== "visible") return;
    try {
      // @ts-ignore: not in every browser
      const lock = await navigator.wakeLock.request("screen");
      // It may have been stopped, or got twice, while the browser thought about it.
      if (signal.aborted || this.isHeld) return lock.release();
      this.#lock = lock;
      lock.addEventListener("release", () => { if (lock === this.#lock) this.#set(false); });
      this.#set(true);
    } catch {
      this.#set(false);
    }
  }

  /** @param {boolean} isHeld */
  #set(isHeld) {
    if (isHeld === this.isHeld) return;
    this.isHeld = isHeld;
    this.onChange(isHeld);
  }
}
