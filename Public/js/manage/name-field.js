// @ts-check
// What a camera is called: typed, or a room chosen by a tap.

import { el } from "../components/dom.js";
import { field } from "../components/form.js";
import { ROOMS } from "../state/pairing-phone.js";

/**
 * `addTo` puts the rooms behind the fields of a form.
 * @param {string} label the name it has already, "" without one
 */
export function nameField(label) {
  const name = field({ label: "Name of the camera", name: "label", maxlength: 80, autocomplete: "off", value: label || ROOMS[0] });
  const choose = (/** @type {string} */ room) => {
    name.input.value = room;
    show();
  };
  const buttons = ROOMS.map((room) => el("button", { class: "chip", type: "button", onclick: () => choose(room), text: room }));
  const show = () => buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.textContent === name.input.value.trim())));
  name.input.addEventListener("input", show);
  show();
  const rooms = el("div", { class: "chips", role: "group", "aria-label": "Usual names" }, ...buttons);
  /** @param {ReturnType<typeof import("../components/form.js").form>} place */
  const addTo = (place) => {
    place.problem.before(rooms);
    return place;
  };
  return { field: name, addTo };
}
