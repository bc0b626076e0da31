// @ts-check
// Decodes a live stream onto a canvas, the newest picture at once.

import { fromBase64 } from "../lib/bytes.js";
import { FLAG, TRACK } from "../net/frame.js";

/** Pictures waiting in the decoder beyond which it is too slow and starts again from a keyframe… */
const MAXIMUM_QUEUE = 8;
/** … when it is so for more milliseconds than the hub's cached group of pictures takes, which comes at one go. */
const OVERLOAD_PATIENCE = 1000;
/** Errors in a row, without a picture between them, after which it is given up. */
const MAXIMUM_ERRORS = 5;

/** What a configuration frame means to a decoder. @param {Uint8Array} payload @returns {VideoDecoderConfig} */
function configurationOf(payload) {
  const { codec, width, height, description } = JSON.parse(new TextDecoder().decode(payload));
  return {
    codec,
    codedWidth: width,
    codedHeight: height,
    optimizeForLatency: true,
    ...(description ? { description: fromBase64(description) } : {}),
  };
}

/** Whether this browser decodes pictures of such a configuration one by one. @param {Uint8Array} payload @returns {Promise<boolean>} */
export async function canDecode(payload) {
  if (!("VideoDecoder" in globalThis)) return false;
  try {
    return (await VideoDecoder.isConfigSupported(configurationOf(payload))).supported === true;
  } catch {
    return false;
  }
}

export class LivePlayer {
  frames = 0;
  /** @type {VideoDecoder|null} */ #decoder = null;
  /** @type {any} */ #configuration = null;
  #waitsForKeyframe = true;
  /** @type {number|null} */ #overloadedSince = null;
  #errors = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{onPicture: () => void, wantKeyframe: () => void, onFailure: (reason: string) => void}} callbacks
   */
  constructor(canvas, { onPicture, wantKeyframe, onFailure }) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false, desynchronized: true }));
    this.onPicture = onPicture;
    this.wantKeyframe = wantKeyframe;
    this.onFailure = onFailure;
  }

  /** @param {{flags: number, track: number, timestamp: number, duration: number, payload: Uint8Array<ArrayBuffer>}} frame */
  push(frame) {
    if (frame.track !== TRACK.video) return;
    if (frame.flags & FLAG.configuration) {
      this.#configure(frame.payload);
      return;
    }
    const isKey = Boolean(frame.flags & FLAG.keyframe);
    if (!this.#decoder || (this.#waitsForKeyframe && !isKey)) return;
    if (this.#decoder.decodeQueueSize <= MAXIMUM_QUEUE) this.#overloadedSince = null;
    else this.#overloadedSince ??= performance.now();
    if (this.#overloadedSince !== null && performance.now() - this.#overloadedSince > OVERLOAD_PATIENCE && !isKey) {
      this.#overloadedSince = null;
      this.gap();
      this.wantKeyframe();
      return;
    }
    this.#waitsForKeyframe = false;
    try {
      this.#decoder.decode(
        new EncodedVideoChunk({ type: isKey ? "key" : "delta", timestamp: frame.timestamp, duration: frame.duration, data: frame.payload }),
      );
    } catch (error) {
      // What is called a keyframe and is none.
      this.#failed(/** @type {DOMException} */ (error));
    }
  }

  /** Frames were left out: what follows decodes only from a keyframe on. */
  gap() {
    this.#waitsForKeyframe = true;
  }

  close() {
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
  }

  /** @param {Uint8Array<ArrayBuffer>} payload */
  #configure(payload) {
    try {
      this.#configuration = configurationOf(payload);
      this.#errors = 0;
      this.#restart();
    } catch {
      this.close();
      this.onFailure("The camera sends a picture that this browser does not understand.");
    }
  }

  #restart() {
    this.close();
    this.#waitsForKeyframe = true;
    this.#decoder = new VideoDecoder({
      output: (picture) => this.#draw(picture),
      error: (error) => this.#failed(error),
    });
    this.#decoder.configure(this.#configuration);
  }

  /** @param {DOMException} error */
  #failed(error) {
    this.#errors++;
    if (error.name === "NotSupportedError" || this.#errors > MAXIMUM_ERRORS) {
      this.close();
      this.onFailure(`This browser cannot decode the camera's picture (${this.#configuration.codec}).`);
      return;
    }
    this.#restart();
    this.wantKeyframe();
  }

  /** @param {VideoFrame} picture */
  #draw(picture) {
    const { canvas } = this;
    if (canvas.width !== picture.displayWidth || canvas.height !== picture.displayHeight) {
      canvas.width = picture.displayWidth;
      canvas.height = picture.displayHeight;
    }
    this.context.drawImage(picture, 0, 0);
    picture.close();
    this.frames++;
    this.#errors = 0;
    this.onPicture();
  }
}
