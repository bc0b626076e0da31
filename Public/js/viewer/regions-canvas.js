// @ts-check
// A still of the camera on which regions are drawn, by mouse, finger and keyboard.

import { announce, el } from "../components/dom.js";
import { bounded, MINIMUM_POINTS } from "../state/polygon.js";
import { placeWords } from "../state/region-words.js";

/** @typedef {import("../state/region-drawing.js").Drawing} Drawing @typedef {import("../state/polygon.js").Point} Point */

const SVG = "http://www.w3.org/2000/svg";
/** Of the picture, with an arrow key, and with Shift. */
const STEP = 0.01, LONG_STEP = 0.05;
/** So near to the first point a click closes the region. */
const CLOSING_PX = 16;
/** What moves less than this is a click. */
const DRAG_PX = 3;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {KeyboardEvent} event @returns {[number, number]|null} how far an arrow key moves */
function arrow({ key, shiftKey, ctrlKey, altKey, metaKey }) {
  if (!ARROWS[key] || ctrlKey || altKey || metaKey) return null;
  const step = shiftKey ? LONG_STEP : STEP;
  return [ARROWS[key][0] * step, ARROWS[key][1] * step];
}

export class RegionsCanvas {
  /** @type {Drawing|null} */ #drawing = null;
  /** Where the next point goes. @type {Point|null} */ #cursor = null;
  /** Whether it is moved by keys, and so has to be seen. */ #isByKeys = false;
  /** @type {HTMLButtonElement[]} */ #handles = [];
  /** @type {{x: number, y: number, isMoving: boolean}|null} */ #held = null;

  /** @param {(step: import("../state/region-drawing.js").Step) => void} perform */
  constructor(perform) {
    this.perform = perform;
    this.image = el("img", { alt: "", hidden: true });
    this.placeholder = el("p", { class: "regions-placeholder", text: "No picture yet" });
    this.shapes = document.createElementNS(SVG, "svg");
    const attributes = { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" };
    for (const [name, value] of Object.entries(attributes)) this.shapes.setAttribute(name, value);
    this.overlay = el("div", { class: "regions-handles" });
    this.cross = el("span", { class: "regions-cross", "aria-hidden": "true", hidden: true });
    this.element = el("div", { class: "regions-stage", role: "group", "aria-label": "Picture with regions", "aria-describedby": "regions-help" },
      this.image, this.placeholder, this.shapes, this.overlay, this.cross);
    this.element.addEventListener("click", (/** @type {MouseEvent} */ event) => this.#click(event));
    this.element.addEventListener("dblclick", () => this.perform({ type: "finish" }));
    this.element.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => this.#hover(event));
    this.element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    this.image.addEventListener("load", () => {
      this.element.style.setProperty("--picture", `${this.image.naturalWidth} / ${this.image.naturalHeight}`);
    });
  }

  /** @param {string} url of a still */
  showPicture(url) {
    this.image.src = url;
    this.image.hidden = false;
    this.placeholder.hidden = true;
  }

  /** @param {string} text */
  say(text) {
    this.placeholder.textContent = text;
  }

  /** Somebody begins to draw. */
  begin() {
    this.#cursor = null;
    this.#isByKeys = false;
    this.element.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {Drawing} drawing */
  show(drawing) {
    const isDrawing = Boolean(drawing.draft);
    const hadFocus = this.overlay.contains(document.activeElement);
    this.#drawing = drawing;
    this.element.classList.toggle("is-drawing", isDrawing);
    this.element.setAttribute("role", isDrawing ? "application" : "group");
    this.element.setAttribute("aria-label", isDrawing ? "Picture to draw on" : "Picture with regions");
    if (isDrawing) this.element.tabIndex = 0;
    else this.element.removeAttribute("tabindex");
    this.#showShapes();
    this.#showHandles(drawing, hadFocus);
  }

  #showShapes() {
    const drawing = this.#drawing;
    if (!drawing) return;
    const { regions, draft, selected } = drawing;
    const shapes = regions.map(({ kind, points }, index) =>
      shape("polygon", points, { "data-kind": kind, "data-region": String(index), class: index === selected ? "is-selected" : "" }));
    if (draft) {
      const points = this.#cursor && draft.points.length ? [...draft.points, this.#cursor] : draft.points;
      shapes.push(shape("polyline", points, { "data-kind": draft.kind, class: "is-draft" }));
    }
    this.shapes.replaceChildren(...shapes);
    this.cross.hidden = !draft || !this.#isByKeys || !this.#cursor;
    if (this.#cursor) place(this.cross, this.#cursor);
  }

  /** Points of the selected region can be moved; those of a draft are only seen. @param {Drawing} drawing @param {boolean} hadFocus */
  #showHandles({ regions, draft, selected, point }, hadFocus) {
    const points = draft ? [] : selected === null ? [] : regions[selected].points;
    while (this.#handles.length > points.length) this.#handles.pop()?.remove();
    while (this.#handles.length < points.length) this.#handles.push(this.#makeHandle(this.#handles.length));
    points.forEach((at, index) => {
      const handle = this.#handles[index];
      place(handle, at);
      handle.setAttribute("aria-label", `Point ${index + 1} of ${points.length}, ${placeWords(at)}`);
      handle.classList.toggle("is-selected", index === point);
    });
    for (const mark of this.overlay.querySelectorAll("span")) mark.remove();
    const numbers = regions.map((region, index) => mark("region-number", middle(region.points), String(index + 1)));
    this.overlay.prepend(...numbers, ...(draft?.points ?? []).map((at, index) => mark(index ? "draft-point" : "draft-point is-first", at, "")));
    if (hadFocus && !this.overlay.contains(document.activeElement)) this.focusPoint(point ?? 0);
  }

  /** @param {number} index */
  focusPoint(index) {
    this.#handles[index]?.focus();
  }

  /** @param {number} index */
  #makeHandle(index) {
    const select = () => this.perform({ type: "select", region: this.#drawing?.selected ?? null, point: index });
    const handle = el("button", { class: "region-point", type: "button", onfocus: select });
    handle.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      handle.setPointerCapture(event.pointerId);
      select();
      this.#held = { x: event.clientX, y: event.clientY, isMoving: false };
    });
    handle.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => this.#dragged(event));
    for (const type of ["pointerup", "pointercancel"]) handle.addEventListener(type, () => { this.#held = null; });
    handle.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#pointKey(event));
    this.overlay.append(handle);
    return handle;
  }

  /** @param {PointerEvent} event */
  #dragged(event) {
    if (!this.#held) return;
    if (!this.#held.isMoving) {
      if (Math.hypot(event.clientX - this.#held.x, event.clientY - this.#held.y) < DRAG_PX) return;
      this.#held.isMoving = true;
      this.perform({ type: "grab" });
    }
    this.perform({ type: "drag", to: this.#at(event) });
  }

  /** @param {MouseEvent} event @returns {Point} */
  #at({ clientX, clientY }) {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return bounded([(clientX - left) / width, (clientY - top) / height]);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    if (!this.#drawing || /** @type {Element} */ (event.target).closest("button")) return;
    const { draft } = this.#drawing;
    if (draft) {
      this.#isByKeys = false;
      this.#put(this.#at(event));
      return;
    }
    const region = /** @type {Element} */ (event.target).getAttribute("data-region");
    this.perform({ type: "select", region: region === null ? null : Number(region) });
  }

  /** A point, or the end of the region where it began. @param {Point} at */
  #put(at) {
    const { points = [] } = this.#drawing?.draft ?? {};
    const { width, height } = this.element.getBoundingClientRect();
    const isEnd = points.length >= MINIMUM_POINTS && Math.hypot((at[0] - points[0][0]) * width, (at[1] - points[0][1]) * height) <= CLOSING_PX;
    if (isEnd) {
      this.perform({ type: "finish" });
      return;
    }
    this.perform({ type: "add", at });
    const now = this.#drawing?.draft?.points.length ?? 0;
    if (now > points.length) announce(`Point ${now}, ${placeWords(at)}.`);
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    if (!this.#drawing?.draft || event.pointerType === "touch") return;
    this.#cursor = this.#at(event);
    this.#isByKeys = false;
    this.#showShapes();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.#drawing?.draft || event.target !== this.element) return;
    const by = arrow(event);
    if (by) {
      const [x, y] = this.#cursor ?? [0.5, 0.5];
      this.#cursor = bounded([x + by[0], y + by[1]]);
      this.#isByKeys = true;
      this.#showShapes();
      announce(placeWords(this.#cursor));
    } else if (event.key === "Enter" || event.key === " ") {
      this.#cursor ??= [0.5, 0.5];
      this.#isByKeys = true;
      this.#put(this.#cursor);
    } else if (event.key === "Backspace") {
      this.perform({ type: "undo" });
    } else if (event.key === "Escape") {
      this.perform({ type: "cancel" });
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #pointKey(event) {
    const by = arrow(event);
    if (by) this.perform({ type: "nudge", by });
    else if (event.key === "Delete" || event.key === "Backspace") this.perform({ type: "deletePoint" });
    else if (event.key === "Insert" || event.key === "+") this.perform({ type: "insert" });
    else if (event.key === "Escape") this.perform({ type: "select", region: null });
    else return;
    event.preventDefault();
  }
}

/** @param {string} name @param {Point[]} points @param {Record<string, string>} attributes */
function shape(name, points, attributes) {
  const element = document.createElementNS(SVG, name);
  element.setAttribute("points", points.map((point) => point.join(",")).join(" "));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** @param {HTMLElement} element @param {Point} at */
function place(element, [x, y]) {
  element.style.left = `${x * 100}%`;
  element.style.top = `${y * 100}%`;
}

/** @param {string} kind @param {Point} at @param {string} text */
function mark(kind, at, text) {
  const element = el("span", { class: kind, "aria-hidden": "true", text });
  place(element, at);
  return element;
}

/** @param {Point[]} points @returns {Point} */
const middle = (points) => [points.reduce((sum, [x]) => sum + x, 0) / points.length, points.reduce((sum, [, y]) => sum + y, 0) / points.length];
