// @ts-check
// Keeps the screen on; browsers take the lock away whenever the page is hidden.

export class WakeLock {
  /** @type {any} */ #lock = null;
  #abort = new AbortController();

  /** @param {(isHeld: boolean) => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
  }

  async start() {
    document.addEventListener("visibilitychange", () => this.#request(), { signal: this.#abort.signal });
    await this.#request();
  }

  stop() {
    this.#abort.abort();
    this.#lock?.release().catch(() => {});
    this.#lock = null;
  }

  async #request() {
    if (document.visibilityState !== "visible" || this.#abort.signal.aborted) return;
    try {
      // @ts-ignore: not in every browser
      const lock = await navigator.wakeLock.request("screen");
      // It may have been stopped while the browser thought about it.
      if (this.#abort.signal.aborted) return lock.release();
      this.#lock = lock;
      this.#lock.addEventListener("release", () => this.onChange(false));
      this.onChange(true);
    } catch {
      this.onChange(false);
    }
  }
}
