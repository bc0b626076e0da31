// @ts-check
// The regions of a picture as a list: kind, name, delete.

import { el, icon } from "../components/dom.js";
import { MAXIMUM_NAME } from "../state/polygon.js";
import { regionName } from "../state/region-words.js";

export class RegionsList {
  /** @type {Row[]} */ #rows = [];

  /** @param {(step: import("../state/region-drawing.js").Step) => void} perform @param {(region: number) => void} onEdit */
  constructor(perform, onEdit) {
    this.perform = perform;
    this.onEdit = onEdit;
    this.element = el("ul", { class: "regions-list", "aria-label": "Regions" });
  }

  /** @param {import("../state/region-drawing.js").Drawing} drawing */
  show({ regions, selected, draft }) {
    while (this.#rows.length > regions.length) this.#rows.pop()?.element.remove();
    while (this.#rows.length < regions.length) {
      const row = new Row(this.#rows.length, this.perform, this.onEdit);
      this.#rows.push(row);
      this.element.append(row.element);
    }
    regions.forEach((region, index) => this.#rows[index].show(region, index === selected, Boolean(draft)));
    this.element.hidden = !regions.length;
  }

  /** @param {number} region */
  focus(region) {
    this.#rows[region]?.name.focus();
  }
}

class Row {
  /** @param {number} index @param {(step: import("../state/region-drawing.js").Step) => void} perform @param {(region: number) => void} onEdit */
  constructor(index, perform, onEdit) {
    this.index = index;
    this.kind = el("select", { onchange: () => perform({ type: "kind", region: index, kind: this.kind.value }) },
      el("option", { value: "ignore", text: "Ignore" }), el("option", { value: "watch", text: "Watch" }));
    this.name = el("input", {
      type: "text", maxlength: MAXIMUM_NAME, placeholder: "Name, such as tree", autocomplete: "off",
      onchange: () => perform({ type: "name", region: index, name: this.name.value }),
    });
    this.edit = el("button", { class: "button", type: "button", onclick: () => onEdit(index) }, "Edit");
    const onclick = () => perform({ type: "deleteRegion", region: index });
    this.delete = el("button", { class: "button button-quiet button-danger", type: "button", onclick }, icon("delete"));
    this.element = el("li", { "data-region": index },
      el("span", { class: "region-index", "aria-hidden": "true", text: index + 1 }), this.kind, this.name, this.edit, this.delete);
  }

  /** @param {import("../state/settings.js").Region} region @param {boolean} isSelected @param {boolean} isDrawing */
  show(region, isSelected, isDrawing) {
    const name = regionName(region, this.index);
    this.element.dataset.kind = region.kind;
    this.element.classList.toggle("is-selected", isSelected);
    this.kind.value = region.kind;
    if (document.activeElement !== this.name) this.name.value = region.name;
    this.kind.setAttribute("aria-label", `Kind of region ${this.index + 1}`);
    this.name.setAttribute("aria-label", `Name of region ${this.index + 1}`);
    this.edit.setAttribute("aria-label", `Edit points: ${name}`);
    this.delete.setAttribute("aria-label", `Delete: ${name}`);
    this.edit.disabled = isDrawing;
    this.delete.disabled = isDrawing;
  }
}
