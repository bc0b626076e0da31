// @ts-check
// What was recorded, as this phone itself has it: pictures, state, playback also with no hub.

import { announce, el, icon } from "../../components/dom.js";
import { candidateWords, clipRow } from "../../state/local-timeline.js";
import { clipFile } from "../clip-file.js";

/** @typedef {import("../outbox.js").Clip} Clip */

class ClipList extends HTMLElement {
  /** @type {import("../uplink.js").Uplink|null} */ #uplink = null;
  /** @type {Map<string, ClipItem>} */ #items = new Map();
  #candidates = "";

  connectedCallback() {
    if (this.childElementCount) return;
    this.empty = el("p", { class: "muted", text: "Nothing yet. Walk past the camera to try it." });
    this.list = el("ul", { class: "sensor-clips", "aria-label": "Recorded clips" });
    this.almostList = el("ul", { class: "sensor-candidates small" });
    this.almost = el("details", { class: "fold", hidden: true }, el("summary"),
      el("p", { class: "muted small", text: "Noticed, but too little for a clip. If one of these mattered, make the camera more sensitive." }), this.almostList);
    this.append(el("h2", { text: "Recorded" }), this.empty, this.list, this.almost);
  }

  disconnectedCallback() {
    for (const item of this.#items.values()) item.end();
  }

  /** @param {import("../uplink.js").Uplink} uplink */
  show(uplink) {
    if (uplink !== this.#uplink) this.#clear();
    this.#uplink = uplink;
    const { outbox } = uplink;
    this.empty.hidden = outbox.clips.length > 0;
    const ids = new Set(outbox.clips.map(({ record }) => record.id));
    for (const [id, item] of this.#items) if (!ids.has(id)) this.#remove(id, item);
    const surroundings = { now: new Date(), heldUntil: outbox.heldUntil, uploadsPerHour: outbox.uploadsPerHour };
    outbox.clips.forEach((clip, index) => {
      const item = this.#items.get(clip.record.id) ?? new ClipItem(outbox, clip);
      this.#items.set(clip.record.id, item);
      if (this.list.children[index] !== item.element) this.list.insertBefore(item.element, this.list.children[index] ?? null);
      item.show(clip, clipRow(clip, surroundings));
    });
  }

  /** @param {readonly import("../../lib/candidates.js").Candidate[]} candidates */
  showCandidates(candidates) {
    const words = candidateWords(candidates, new Date());
    if (words.join("\n") === this.#candidates) return;
    this.#candidates = words.join("\n");
    this.almost.hidden = !words.length;
    this.almost.firstChild.textContent = `Almost recorded: ${words.length}`;
    this.almostList.replaceChildren(...words.map((text) => el("li", { text })));
  }

  #clear() {
    for (const [id, item] of this.#items) this.#remove(id, item);
  }

  /** @param {string} id @param {ClipItem} item */
  #remove(id, item) {
    item.end();
    item.element.remove();
    this.#items.delete(id);
  }
}

class ClipItem {
  #shown = "";
  /** What was made of the clip's bytes. @type {Map<string, string>} */ #urls = new Map();
  #isOver = false;
  #hasStill = false;

  /** @param {import("../outbox.js").Outbox} outbox @param {Clip} clip */
  constructor(outbox, clip) {
    this.outbox = outbox;
    this.clip = clip;
    this.picture = el("div", { class: "clip-picture" }, icon("camera"));
    this.title = el("p", { class: "clip-title" });
    this.state = el("p", { class: "clip-state small" }, el("span", { class: "clip-dot" }), el("span"));
    this.play = button("play", "Play", () => this.#toggle());
    this.retry = button("again", "Retry", () => outbox.retry(this.clip));
    this.problem = el("p", { class: "notice", role: "alert", hidden: true });
    this.player = el("div", { class: "clip-player", hidden: true });
    this.element = el("li", { "data-clip-id": clip.record.id },
      this.picture, el("div", { class: "clip-about" }, this.title, this.state), el("div", { class: "clip-buttons" }, this.play, this.retry),
      this.problem, this.player);
  }

  /** @param {Clip} clip @param {import("../../state/local-timeline.js").Row} row */
  show(clip, { state, title, text, canPlay, canRetry }) {
    this.clip = clip;
    if (!this.#hasStill && clip.record.frames > 0) this.#showStill();
    const shown = [state, title, text, canPlay, canRetry].join("\n");
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.element.dataset.state = state;
    this.title.textContent = title;
    this.state.lastChild.textContent = text;
    this.play.hidden = !canPlay;
    this.play.setAttribute("aria-label", `${this.#isPlaying ? "Close" : "Play"}: ${title}`);
    this.retry.hidden = !canRetry;
    this.retry.setAttribute("aria-label", `Retry: ${title}`);
    if (!canPlay && this.#isPlaying) this.#close();
  }

  /** Frees what the browser keeps for it. */
  end() {
    this.#isOver = true;
    this.#close();
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
  }

  get #isPlaying() {
    return !this.player.hidden;
  }

  async #showStill() {
    this.#hasStill = true;
    const still = await this.outbox.still(this.clip).catch(() => null);
    if (!still || this.#isOver) return;
    const url = this.#url("still", new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (still)], { type: "image/jpeg" }));
    this.picture.replaceChildren(el("img", { src: url, alt: "", loading: "lazy" }));
  }

  async #toggle() {
    if (this.#isPlaying) return this.#close();
    this.problem.hidden = true;
    this.play.disabled = true;
    try {
      const frames = await this.outbox.frames(this.clip);
      if (!frames.length) throw new Error("it is no longer on this phone");
      const { mime, parts } = clipFile(this.clip.record.tracks, frames);
      const src = this.#url("clip", new Blob(/** @type {BlobPart[]} */ (parts), { type: mime }));
      const video = el("video", { controls: true, playsinline: true, src, "aria-label": this.title.textContent });
      video.addEventListener("error", () => this.#failed("this browser cannot play it"), { once: true });
      this.player.replaceChildren(video);
      this.player.hidden = false;
      this.#sayButton("Close", "stop");
      video.play().catch(() => {});
    } catch (/** @type {any} */ error) {
      this.#failed(error.message);
    }
    this.play.disabled = false;
  }

  #close() {
    const video = this.player.querySelector("video");
    if (video) {
      video.pause();
      video.removeAttribute("src");
      video.load();
    }
    this.player.replaceChildren();
    this.player.hidden = true;
    const url = this.#urls.get("clip");
    if (url) URL.revokeObjectURL(url);
    this.#urls.delete("clip");
    this.#sayButton("Play", "play");
  }

  /** @param {string} reason */
  #failed(reason) {
    if (this.#isOver) return;
    this.#close();
    this.problem.textContent = `It cannot be played: ${reason}.`;
    this.problem.hidden = false;
    announce(this.problem.textContent);
  }

  /** @param {string} word @param {string} symbol */
  #sayButton(word, symbol) {
    this.play.replaceChildren(icon(symbol), el("span", { text: word }));
    this.play.setAttribute("aria-label", `${word}: ${this.title.textContent}`);
  }

  /** @param {"still"|"clip"} name @param {Blob} blob */
  #url(name, blob) {
    const url = URL.createObjectURL(blob);
    this.#urls.set(name, url);
    return url;
  }
}

/** @param {string} symbol @param {string} text @param {() => unknown} onclick */
const button = (symbol, text, onclick) => el("button", { class: "button", type: "button", hidden: true, onclick }, icon(symbol), el("span", { text }));

customElements.define("pw-clip-list", ClipList);
