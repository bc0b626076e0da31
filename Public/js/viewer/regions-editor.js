// @ts-check
// Which parts of the picture count: drawn on a still of the camera, and saved on the hub.

import { announce, el, icon } from "../components/dom.js";
import { cannotAsk, pictureProblem } from "../state/device-words.js";
import { areSame, drawingOf, isChanged, nextDrawing } from "../state/region-drawing.js";
import { maskWords, regionName } from "../state/region-words.js";
import { takePicture } from "./device-picture.js";
import { RegionsCanvas } from "./regions-canvas.js";
import { RegionsList } from "./regions-list.js";

const DRAWING_HELP = "Click or tap where each corner is, and on the first one again to finish. With the keyboard: arrow keys move the cross "
  + "(Shift: farther), Enter puts a corner, Backspace takes the last one back, Escape cancels.";
const EDITING_HELP = "Drag a point, or move it with the arrow keys (Shift: farther). Delete removes it, + adds one after it.";
const USUAL_HELP = "Leave out what moves all the time, such as a tree or a road, or watch only some parts.";

export class RegionsEditor {
  #drawing = drawingOf([]);
  /** What the hub has now, where it differs from what was begun with. @type {import("../state/settings.js").Region[]|null} */ #theirs = null;
  /** @type {Record<string, any>} */ #device = {};
  #url = "";

  /** @param {import("./device-settings.js").DeviceSettings} settings @param {string} deviceId @param {AbortSignal} signal */
  constructor(settings, deviceId, signal) {
    this.settings = settings;
    this.deviceId = deviceId;
    this.signal = signal;
    /** @param {string} symbol @param {string} text @param {() => void} press */
    const button = (symbol, text, press) => el("button", { class: "button", type: "button", onclick: press }, icon(symbol), text);
    this.refresh = button("picture", "Take a picture to draw on", () => this.#takePicture());
    this.ignore = button("plus", "Ignore a region", () => this.#begin("ignore"));
    this.watch = button("plus", "Watch a region", () => this.#begin("watch"));
    this.finish = button("check", "Finish region", () => this.#perform({ type: "finish" }));
    this.finish.classList.add("button-primary");
    this.cancel = button("back", "Cancel drawing", () => this.#perform({ type: "cancel" }));
    this.addPoint = button("plus", "Add a point", () => this.#perform({ type: "insert" }));
    this.deletePoint = button("delete", "Delete point", () => this.#perform({ type: "deletePoint" }));
    this.undo = button("undo", "Undo", () => this.#perform({ type: "undo" }));
    this.help = el("p", { class: "muted small", id: "regions-help" });
    this.problem = el("p", { class: "small event-reason", role: "alert", hidden: true });
    this.canvas = new RegionsCanvas((step) => this.#perform(step));
    this.list = new RegionsList((step) => this.#perform(step), (region) => this.#edit(region));
    this.share = el("p", { class: "small regions-share" });
    this.save = el("button", { class: "button button-primary", type: "button", onclick: () => this.#save() }, "Save regions");
    this.discard = el("button", { class: "button", type: "button", onclick: () => this.#discard() }, "Discard changes");
    this.saving = el("div", { class: "row row-tight", hidden: true }, this.save, this.discard);
    this.answer = el("p", { class: "small target-answer", role: "status" });
    const onkeydown = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    this.element = el("div", { class: "regions stack-tight", role: "group", "aria-labelledby": "regions-title", onkeydown },
      el("h3", { id: "regions-title", text: "Regions" }), this.help,
      el("div", { class: "regions-tools" }, this.ignore, this.watch, this.finish, this.cancel, this.addPoint, this.deletePoint, this.undo),
      // Below the picture, so that it stays where a finger is.
      this.canvas.element, this.problem, el("div", { class: "row row-tight" }, this.refresh),
      this.list.element, this.share, this.saving, this.answer);
    this.#render();
  }

  stop() {
    URL.revokeObjectURL(this.#url);
  }

  /** @param {Record<string, any>} device */
  showDevice(device) {
    this.#device = device;
    this.refresh.setAttribute("aria-disabled", String(!device.online));
    this.refresh.title = cannotAsk(device);
    if (this.#url || this.refresh.getAttribute("aria-busy")) return;
    this.canvas.say(device.online ? "No picture yet" : "The camera is offline: there is no picture. Regions can be drawn all the same.");
  }

  /** What the hub has. @param {import("../state/settings.js").Region[]} regions */
  showRegions(regions) {
    const { base, draft } = this.#drawing;
    const isMine = areSame(regions, this.#drawing.regions);
    this.#theirs = null;
    if (!draft && (isMine || !isChanged(this.#drawing))) {
      this.#drawing = nextDrawing(this.#drawing, { type: "loaded", regions });
    } else if (!areSame(base, regions)) {
      this.#theirs = regions;
      this.#say("Somebody else changed the regions meanwhile. Saving puts yours in their place; discarding shows theirs.", "danger");
    }
    this.#render();
  }

  /** @param {import("../state/region-drawing.js").Step} step */
  #perform(step) {
    const before = this.#drawing;
    this.#drawing = nextDrawing(before, step);
    if (this.#drawing === before) return;
    if (this.#drawing.regions !== before.regions || this.#drawing.draft !== before.draft) if (!this.#theirs) this.#say("", "");
    const focused = document.activeElement;
    this.#render();
    const { regions, draft, selected, point } = this.#drawing;
    if (before.draft && !draft) {
      // Drawn, or not: focus goes where one goes on.
      if (regions.length > before.regions.length && selected !== null) {
        announce(`Region ${selected + 1} drawn. Give it a name if you like.`);
        this.list.focus(selected);
      } else {
        this.ignore.focus();
      }
    } else if (step.type === "deleteRegion") {
      if (regions.length) this.list.focus(Math.min(step.region, regions.length - 1));
      else this.ignore.focus();
    } else if (["insert", "deletePoint"].includes(step.type) && point !== null && regions !== before.regions) {
      if (this.canvas.element.contains(focused)) this.canvas.focusPoint(point);
    }
  }

  /** @param {import("../state/settings.js").Region["kind"]} kind */
  #begin(kind) {
    this.#perform({ type: "begin", kind });
    if (!this.#drawing.draft) return;
    if (!this.#url && this.#device.online) this.#takePicture();
    this.canvas.begin();
  }

  /** @param {number} region */
  #edit(region) {
    this.#perform({ type: "select", region, point: 0 });
    this.canvas.focusPoint(0);
    this.canvas.element.scrollIntoView({ block: "nearest" });
  }

  #render() {
    const drawing = this.#drawing, { draft, selected, point, regions } = drawing;
    const isDrawing = Boolean(draft);
    for (const button of [this.ignore, this.watch]) button.hidden = isDrawing;
    for (const button of [this.finish, this.cancel]) button.hidden = !isDrawing;
    this.addPoint.hidden = isDrawing || selected === null;
    this.deletePoint.hidden = isDrawing || selected === null;
    this.deletePoint.setAttribute("aria-disabled", String(point === null));
    this.undo.hidden = !drawing.past.length;
    this.help.textContent = isDrawing ? DRAWING_HELP : selected === null ? USUAL_HELP : `${regionName(regions[selected], selected)}: ${EDITING_HELP}`;
    this.problem.hidden = !drawing.problem;
    this.problem.textContent = drawing.problem ?? "";
    this.canvas.show(drawing);
    this.list.show(drawing);
    const { text, tone } = maskWords(regions);
    this.share.textContent = text;
    this.share.dataset.tone = tone;
    this.saving.hidden = isDrawing || !(isChanged(drawing) || this.#theirs);
  }

  async #takePicture() {
    if (!this.#device.online || this.refresh.getAttribute("aria-busy")) return;
    this.refresh.setAttribute("aria-busy", "true");
    this.canvas.say("Taking a picture…");
    try {
      const picture = await takePicture(this.deviceId, this.signal);
      URL.revokeObjectURL(this.#url);
      this.#url = URL.createObjectURL(picture);
      this.canvas.showPicture(this.#url);
      this.refresh.lastChild.textContent = "Take a new picture";
    } catch (error) {
      if (this.signal.aborted) return;
      const words = pictureProblem(/** @type {any} */ (error));
      this.canvas.say(`${words} Regions can be drawn all the same.`);
      if (this.#url) this.#say(words, "danger");
    }
    this.refresh.removeAttribute("aria-busy");
  }

  async #save() {
    if (this.save.getAttribute("aria-busy")) return;
    this.save.setAttribute("aria-busy", "true");
    this.#theirs = null;
    this.#say("Saving…", "");
    try {
      await this.settings.change({ motion: { regions: this.#drawing.regions } });
      this.#say("Saved.", "ok");
      this.ignore.focus();
    } catch (error) {
      const { status, field, message } = /** @type {any} */ (error);
      if (status !== 409) this.#say(fieldWords(field, message), "danger");
      // What the regions of others mean has been said already.
      else if (!this.#theirs) this.#say("Other settings were changed meanwhile. Save again.", "danger");
    }
    this.save.removeAttribute("aria-busy");
    this.#render();
  }

  #discard() {
    this.#drawing = drawingOf(this.#theirs ?? this.#drawing.base);
    this.#theirs = null;
    this.#say("", "");
    this.#render();
    this.ignore.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const isTyping = /** @type {Element} */ (event.target).closest("input, select");
    if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || isTyping) return;
    event.preventDefault();
    this.#perform({ type: "undo" });
  }

  /** @param {string} text @param {""|"ok"|"danger"} tone */
  #say(text, tone) {
    this.answer.textContent = text;
    this.answer.dataset.tone = tone;
  }
}

/** "Region 2: …" for `motion.regions[1].points`. @param {string|undefined} field @param {string} message */
function fieldWords(field, message) {
  const index = field?.match(/^motion\.regions\[(\d+)\]/)?.[1];
  return index === undefined ? message : `Region ${Number(index) + 1}: ${message}`;
}
