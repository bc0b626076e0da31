// @ts-check
// Which role somebody has, and which cameras they see.

import { el } from "../components/dom.js";
import { canBeLimited, roleMeaning, roleName } from "../state/access-words.js";

let number = 0;

export class AccessFields {
  /**
   * @param {{roles: string[], role: string, all_devices: boolean, devices: string[]}} access
   * @param {Record<string, any>[]} known devices of the account
   */
  constructor({ roles, role, all_devices: all, devices }, known) {
    const id = `access-${++number}`;
    this.role = el("select", { id, "aria-describedby": `${id}-meaning`, onchange: () => this.#show() },
      ...roles.map((one) => el("option", { value: one, selected: one === role, text: roleName(one) })));
    this.meaning = el("p", { class: "muted small", id: `${id}-meaning` });
    this.all = el("input", { type: "checkbox", role: "switch", onchange: () => this.#show() });
    this.all.checked = all;
    this.boxes = known.map((device) => {
      const input = el("input", { type: "checkbox", value: device.device_id });
      input.checked = devices.includes(device.device_id);
      return el("label", { class: "check" }, input, el("span", { text: device.label }));
    });
    this.none = el("p", { class: "muted small", text: "There is no camera yet." });
    this.some = el("fieldset", { class: "plain-fieldset" }, el("legend", { class: "small muted", text: "These cameras" }),
      ...(known.length ? this.boxes : [this.none]));
    this.devices = el("div", { class: "stack-tight" },
      el("label", { class: "switch" }, this.all, el("span", {}, "All cameras",
        el("span", { class: "muted small", text: "also those that are added later" }))), this.some);
    this.elements = [el("div", { class: "field" }, el("label", { for: id, text: "Role" }), this.role, this.meaning), this.devices];
    this.#show();
  }

  #show() {
    this.meaning.textContent = roleMeaning(this.role.value);
    this.devices.hidden = !canBeLimited(this.role.value);
    this.some.hidden = this.all.checked;
  }

  /** As the API takes it; throws where that is nothing. @returns {{role: string, all_devices: boolean, devices: string[]}} */
  get value() {
    const all = !canBeLimited(this.role.value) || this.all.checked;
    const devices = all ? [] : this.boxes.map((box) => box.querySelector("input")).filter((input) => input.checked).map((input) => input.value);
    if (!all && !devices.length) throw new Error("Choose at least one camera, or all of them.");
    return { role: this.role.value, all_devices: all, devices };
  }
}
