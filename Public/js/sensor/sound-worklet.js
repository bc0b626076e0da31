// @ts-check
// Sound on its way to the capture worker, where tracks cannot be read directly. Runs in the audio thread.

/** As many samples as are sent together: about 20 ms. */
const BLOCK = 1024;

// @ts-ignore: names of the audio thread, of which TypeScript's DOM types know nothing
class SoundTap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK);
    this.length = 0;
    /** @type {MessagePort|null} */
    this.target = null;
    // @ts-ignore
    this.port.onmessage = ({ data }) => { this.target = data.port; };
  }

  /** @param {Float32Array[][]} inputs */
  process([[channel] = []]) {
    if (!channel) return true;
    this.block.set(channel, this.length);
    this.length += channel.length;
    if (this.length < BLOCK) return true;
    // @ts-ignore
    const at = { sampleRate, timestamp: Math.round((currentTime - (BLOCK - channel.length) / sampleRate) * 1e6) };
    this.target?.postMessage({ samples: this.block, ...at }, [this.block.buffer]);
    this.block = new Float32Array(BLOCK);
    this.length = 0;
    return true;
  }
}

// @ts-ignore
registerProcessor("sound-tap", SoundTap);
