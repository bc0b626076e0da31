// @ts-check
// One WebSocket to the hub that comes back by itself (docs/PROTOCOL.md).

import { Backoff } from "../lib/backoff.js";
import { decodeFrame } from "./frame.js";

export const SUBPROTOCOL = "pingwatch.v1";
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
const TOKEN_EXPIRED = 109;
export const INVALID_TOKEN = 3500;
/** The device was connected from elsewhere, which has it now. */
export const REPLACED = 4500;
/** Patience beyond the hub's own ping interval. */
const SILENCE_MS = 10_000;

export class RpcError extends Error {
  /** @param {number} code @param {string} message @param {boolean} temporary @param {number|null} [retryAt] when it may succeed, ms since 1970 */
  constructor(code, message, temporary, retryAt = null) {
    super(message);
    this.code = code;
    this.temporary = temporary;
    this.retryAt = retryAt;
  }
}

/** @param {{code: number, message: string, temporary?: boolean, data?: {retry_at?: number}}} error of a reply */
const errorOf = ({ code, message, temporary, data }) => new RpcError(code, message, Boolean(temporary), data?.retry_at ?? null);

/**
 * Whether a closed connection is to be opened again.
 * @param {number} code
 */
export const isFatal = (code) => code === 1003 || code === 1009 || (code >= 3500 && code <= 3999) || (code >= 4500 && code <= 4999);

/**
 * Events: `open` {data, isAgain, recovered: whether per channel, rttMs: how long the answer took}, `state`, `publication` {channel, data}, `message` {data}, `frame` {frame}, `reload` (what was missed
 * is lost: load it over HTTP), `fatal` {code, reason}.
 */
export class Connection extends EventTarget {
  /** @type {"idle"|"connecting"|"open"|"waiting"|"closed"} */
  state = "idle";
  /** @type {WebSocket|null} */
  #socket = null;
  /** When the next attempt comes, on the clock of `performance.now()`. @type {number|null} */
  retryAt = null;
  #nextId = 1;
  /** @type {Backoff} */ #backoff;
  /** @type {Map<number, {resolve: (data: any) => void, reject: (error: Error) => void, timer: any}>} */
  #pending = new Map();
  /** @type {Map<string, {epoch: string, offset: number}>} */
  #positions = new Map();
  /** @type {any} */ #retryTimer = null;
  /** @type {any} */ #silenceTimer = null;
  /** @type {any} */ #refreshTimer = null;
  #patienceMs = 35_000;
  /** @type {AbortController|null} */ #watching = null;
  /** With which the hub knows this connection. @type {string|null} */ #token = null;
  /** A token that was refused was renewed since the connection was open: the next refusal is meant. */
  #isRenewed = false;
  /** Counts what begins anew, so that what was waited for is not done twice. */
  #turn = 0;

  /**
   * `renewToken` gives a token in the place of the one that was used, or `null` where there is none any more; it rejects what may succeed later.
   * @param {{url: string, getToken: () => string|null, renewToken?: (used: string|null) => Promise<string|null>,
   *   kind: "viewer"|"sensor", deviceId?: string, canForceKeyframe?: boolean, WebSocket?: typeof WebSocket,
   *   random?: () => number, setTimeout?: (body: () => void, ms: number) => any, clearTimeout?: (timer: any) => void}} options
   */
  constructor(options) {
    super();
    this.options = {
      WebSocket: globalThis.WebSocket,
      random: Math.random,
      setTimeout: (/** @type {() => void} */ body, /** @type {number} */ ms) => setTimeout(body, ms),
      clearTimeout: (/** @type {any} */ timer) => clearTimeout(timer),
      ...options,
    };
    this.#backoff = new Backoff({ base: FIRST_DELAY_MS, max: LONGEST_DELAY_MS, random: this.options.random });
  }

  /** Begins, or tries again at once. */
  connect() {
    if (this.state === "connecting" || this.state === "open") return;
    this.options.clearTimeout(this.#retryTimer);
    this.#backoff.reset();
    this.#isRenewed = false;
    if (this.state !== "waiting") this.#watchPage();
    this.#open();
  }

  close() {
    this.#turn++;
    this.retryAt = null;
    this.#watching?.abort();
    this.#watching = null;
    this.#drop("closed");
    this.#socket?.close(1000);
    this.#socket = null;
    // Who leaves on purpose begins anew.
    this.#positions.clear();
  }

  get bufferedAmount() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /**
   * @param {string} method
   * @param {unknown} data
   * @param {{timeoutMs?: number}} [options]
   * @returns {Promise<any>}
   */
  rpc(method, data = {}, { timeoutMs = 15_000 } = {}) {
    if (this.state !== "open") return Promise.reject(new RpcError(0, "There is no connection to the hub.", true));
    return this.#send({ rpc: { method, data } }, timeoutMs).then((reply) => reply.rpc?.data);
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @returns {boolean} whether it was handed to an open socket
   */
  sendFrame(bytes) {
    if (this.state !== "open" || !this.#socket) return false;
    this.#socket.send(bytes);
    return true;
  }

  /** @param {Record<string, unknown>} command @param {number} timeoutMs @returns {Promise<any>} */
  #send(command, timeoutMs) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = this.options.setTimeout(() => {
        this.#pending.delete(id);
        reject(new RpcError(0, "The hub did not answer in time.", true));
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket?.send(JSON.stringify({ id, ...command }));
    });
  }

  #open() {
    this.#turn++;
    this.retryAt = null;
    this.#setState("connecting");
    const socket = new this.options.WebSocket(this.options.url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => this.#handshake(socket);
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#closed(event.code, event.reason);
    };
    this.#listen();
  }

  /** @param {WebSocket} socket */
  async #handshake(socket) {
    const { kind, deviceId, canForceKeyframe = true, getToken } = this.options;
    const subs = Object.fromEntries([...this.#positions].map(([channel, position]) => [channel, { recover: true, ...position }]));
    const data = deviceId ? { kind, version: "1", device_id: deviceId, ...(canForceKeyframe ? {} : { can_force_keyframe: false }) } : { kind, version: "1" };
    const askedAt = performance.now();
    this.#token = getToken();
    try {
      const { connect } = await this.#send({ connect: { token: this.#token ?? undefined, data, subs } }, 10_000);
      if (socket !== this.#socket) return;
      this.#opened(connect, performance.now() - askedAt);
    } catch (error) {
      if (socket !== this.#socket) return;
      if (error instanceof RpcError && error.code === TOKEN_EXPIRED) this.#refused(socket, error.message);
      else this.#fail();
    }
  }

  /** @param {any} connect @param {number} rttMs */
  #opened(connect, rttMs) {
    this.#patienceMs = (connect.ping ?? 25) * 1000 + SILENCE_MS;
    const wasOpen = this.#positions.size > 0;
    let isLost = false;
    /** @type {Record<string, boolean>} */
    const recovered = {};
    const missed = [];
    for (const [channel, sub] of Object.entries(connect.subs ?? {})) {
      recovered[channel] = Boolean(sub.recovered);
      if (this.#positions.has(channel) && !sub.recovered) isLost = true;
      this.#positions.set(channel, { epoch: sub.epoch, offset: sub.offset });
      for (const publication of sub.publications ?? []) missed.push({ channel, data: publication.data });
    }
    this.#backoff.reset();
    this.#isRenewed = false;
    this.#refreshIn(connect);
    this.#setState("open");
    this.#emit("open", { data: connect.data, isAgain: wasOpen, recovered, rttMs });
    for (const publication of missed) this.#emit("publication", publication);
    if (isLost) this.#emit("reload", {});
  }

  /** A camera runs for months, its token does not: half-way there is a new one. @param {{expires?: boolean, ttl?: number}} grant seconds */
  #refreshIn({ expires, ttl }) {
    this.options.clearTimeout(this.#refreshTimer);
    if (!expires || !ttl || !this.options.renewToken) return;
    // Timers count in 31 bits.
    this.#refreshTimer = this.options.setTimeout(() => this.#refresh(ttl), Math.min(ttl * 500, 2 ** 31 - 1));
  }

  /** @param {number} ttl */
  async #refresh(ttl) {
    const socket = this.#socket;
    try {
      const token = await this.options.renewToken?.(this.#token);
      if (!token || socket !== this.#socket || this.state !== "open") return;
      const { refresh } = await this.#send({ refresh: { token } }, 15_000);
      this.#token = token;
      this.#refreshIn(refresh);
    } catch {
      // The hub may be away for a moment; half of what is left is time enough.
      if (socket === this.#socket) this.#refreshIn({ expires: true, ttl: ttl / 2 });
    }
  }

  /** @param {unknown} data */
  #receive(data) {
    this.#listen();
    if (data instanceof ArrayBuffer) {
      if (data.byteLength >= 24) this.#emit("frame", { frame: decodeFrame(data) });
      return;
    }
    for (const line of String(data).split("\n")) {
      if (!line) continue;
      /** @type {any} */
      const message = JSON.parse(line);
      if (message.push) this.#push(message.push);
      else if (message.id) this.#reply(message);
      else this.#socket?.send("{}");
    }
  }

  /** @param {any} push */
  #push(push) {
    if (push.message) {
      this.#emit("message", { data: push.message.data });
    } else if (push.pub) {
      const position = this.#positions.get(push.channel);
      if (position && push.pub.offset) position.offset = push.pub.offset;
      this.#emit("publication", { channel: push.channel, data: push.pub.data });
    }
  }

  /** @param {any} message */
  #reply(message) {
    const call = this.#pending.get(message.id);
    if (!call) return;
    this.#pending.delete(message.id);
    this.options.clearTimeout(call.timer);
    if (message.error) call.reject(errorOf(message.error));
    else call.resolve(message);
  }

  /** @param {number} code @param {string} reason */
  #closed(code, reason) {
    this.#socket = null;
    if (code === INVALID_TOKEN && this.options.renewToken && !this.#isRenewed) this.#renew(reason);
    else if (isFatal(code)) this.#end(code, reason);
    else this.#openLater();
  }

  #openLater() {
    const delay = this.#backoff.next();
    this.retryAt = performance.now() + delay;
    this.#drop("waiting");
    this.#retryTimer = this.options.setTimeout(() => this.#open(), delay);
  }

  /** @param {number} code @param {string} reason */
  #end(code, reason) {
    this.#watching?.abort();
    this.#watching = null;
    this.#drop("closed");
    this.#emit("fatal", { code, reason });
  }

  /** A page that slept may come back with a token of long ago. @param {string} reason of the hub that refused it */
  async #renew(reason) {
    this.#drop("waiting");
    const turn = this.#turn;
    /** @type {string|null|undefined} */
    let token;
    try {
      token = await this.options.renewToken?.(this.#token);
    } catch {
      if (turn === this.#turn) this.#openLater();
      return;
    }
    if (turn !== this.#turn) return;
    this.#isRenewed = true;
    if (token) this.#open();
    else this.#end(INVALID_TOKEN, reason);
  }

  /** @param {WebSocket} socket @param {string} reason */
  #refused(socket, reason) {
    this.#closed(INVALID_TOKEN, reason);
    socket.close(1000);
  }

  /** The socket is dead though it may not know. */
  #fail() {
    const socket = this.#socket;
    this.#closed(1006, "");
    socket?.close();
  }

  /** @param {"waiting"|"closed"} state */
  #drop(state) {
    this.options.clearTimeout(this.#refreshTimer);
    this.options.clearTimeout(this.#silenceTimer);
    this.options.clearTimeout(this.#retryTimer);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of pending) {
      this.options.clearTimeout(call.timer);
      call.reject(new RpcError(0, "The connection to the hub broke.", true));
    }
    this.#setState(state);
  }

  #listen() {
    this.options.clearTimeout(this.#silenceTimer);
    this.#silenceTimer = this.options.setTimeout(() => this.#fail(), this.#patienceMs);
  }

  /** Phones kill sockets of hidden pages without a word: look when the page comes back. */
  #watchPage() {
    if (typeof document === "undefined") return;
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    const look = () => {
      if (document.visibilityState !== "visible") return;
      if (this.state === "waiting") {
        this.connect();
      } else if (this.state === "open") {
        // The hub answers; silence means that the socket is dead.
        this.#socket?.send(JSON.stringify({ id: this.#nextId++, ping: {} }));
        this.options.clearTimeout(this.#silenceTimer);
        this.#silenceTimer = this.options.setTimeout(() => this.#fail(), 5000);
      }
    };
    document.addEventListener("visibilitychange", look, { signal });
    window.addEventListener("pageshow", look, { signal });
    window.addEventListener("online", look, { signal });
  }

  /** @param {Connection["state"]} state */
  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.#emit("state", { state });
  }

  /** @param {string} type @param {unknown} detail */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The hub's socket, seen from a page of its own. */
export function socketURL() {
  const url = new URL("/connection/websocket", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
