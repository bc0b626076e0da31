// @ts-check
// A track's samples by the audio graph, for browsers that cannot read tracks directly.

export const canTapSound = () => "AudioWorkletNode" in globalThis;

export class SoundTap {
  /** @type {AudioContext|null} */ #context = null;

  /** @param {MediaStreamTrack} track @returns {Promise<MessagePort>} from which blocks of samples come */
  async start(track) {
    const context = new AudioContext({ latencyHint: "playback" });
    this.#context = context;
    await context.audioWorklet.addModule(new URL("./sound-worklet.js", import.meta.url));
    const tap = new AudioWorkletNode(context, "sound-tap", { numberOfInputs: 1, numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    const { port1, port2 } = new MessageChannel();
    tap.port.postMessage({ port: port1 }, [port1]);
    context.createMediaStreamSource(new MediaStream([track])).connect(tap);
    return port2;
  }

  stop() {
    this.#context?.close().catch(() => {});
  }
}
