// @ts-check
// The cameras of an account as things that one has: their names, whether they may come, and what goes with them.

import { announce, el, icon } from "../components/dom.js";
import { confirmButton, copyRow, field, form } from "../components/form.js";
import { date } from "../state/dates.js";
import { attentionWords, presenceWords, telemetryRows } from "../state/device-words.js";
import { cameraState } from "../state/words.js";
import { focusOn, managePage, nothing } from "./parts.js";

/** @typedef {import("../identity/context.js").Context} Context */

/** @param {Context} context @returns {HTMLElement} */
export function page(context) {
  const hub = context.hub();
  /** @type {Map<string, DeviceRow>} */
  const rows = new Map();
  const list = el("ul", { class: "list-plain device-list" });
  const add = el("a", { class: "button button-primary", href: "#/pair" }, icon("plus"), "Add a camera");
  const empty = nothing("camera", "No camera yet", "An old phone becomes one in a minute.");
  const problem = el("p", { class: "notice", role: "alert", hidden: true });
  const loading = el("p", { class: "muted", text: "Loading…" });
  const retry = el("p", { hidden: true }, el("button", { class: "button", type: "button", onclick: () => hub.load() }, icon("again"), "Try again"));
  empty.classList.add("card");
  const render = () => {
    const { state } = hub;
    problem.hidden = retry.hidden = !hub.problem;
    problem.textContent = hub.problem ?? "";
    loading.hidden = state.isLoaded || Boolean(hub.problem);
    empty.hidden = !state.isLoaded || state.devices.length > 0;
    for (const [id, row] of rows) {
      if (state.devices.some((device) => device.device_id === id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    for (const device of state.devices) {
      let row = rows.get(device.device_id);
      if (!row) {
        row = new DeviceRow(context, device);
        rows.set(device.device_id, row);
        list.append(row.element);
      }
      row.show(device);
    }
  };
  hub.addEventListener("change", render, { signal: context.signal });
  render();
  return managePage({ title: "Devices", lead: "Your cameras, how they are, and what belongs to them.", action: add }, problem, retry, loading, empty,
    list);
}

class DeviceRow {
  /** @type {Record<string, any>|null} */ #device = null;

  /** @param {Context} context @param {Record<string, any>} device */
  constructor(context, device) {
    this.context = context;
    this.id = device.device_id;
    this.path = `/devices/${encodeURIComponent(this.id)}`;
    this.name = el("h2", { tabindex: "-1" });
    this.badge = el("span", { class: "badge" });
    this.attention = el("p", { class: "device-attention", hidden: true });
    this.presence = el("p", { class: "muted small" });
    this.health = el("dl", { class: "facts" });
    this.healthFold = el("details", { class: "fold" }, el("summary", { text: "Health" }), this.health);
    this.made = el("div", { class: "made stack-tight", hidden: true });
    this.element = el("li", { class: "card stack-tight", "data-device": this.id },
      el("div", { class: "row-head" }, this.name, this.badge), this.attention, this.presence, this.healthFold,
      el("details", { class: "fold" }, el("summary", { text: "Rename" }), this.#renameForm(device)),
      el("details", { class: "fold" }, el("summary", { text: "Access of this camera" }), this.#access(), this.made),
      el("div", { class: "row-actions" },
        el("a", { class: "button", href: `#/camera-settings/${encodeURIComponent(this.id)}` }, icon("settings"), "Settings"), this.#removal()));
  }

  /** @param {Record<string, any>} device */
  show(device) {
    if (device === this.#device) return;
    this.#device = device;
    const { text, tone, symbol } = cameraState(device);
    this.name.textContent = device.label;
    this.badge.replaceChildren(icon(symbol), text);
    this.badge.dataset.tone = tone;
    const attention = attentionWords(device);
    this.attention.hidden = !attention;
    this.attention.replaceChildren(icon("warning"), ` ${attention}`);
    this.presence.textContent = `${presenceWords(device, new Date())} Added ${date(device.created_at)}.`;
    const rows = telemetryRows(device.health?.telemetry);
    this.healthFold.hidden = !rows.length;
    this.health.replaceChildren(...rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
  }

  get #label() {
    return this.#device?.label ?? "";
  }

  /** @param {Record<string, any>} device */
  #renameForm(device) {
    const label = field({ label: "Name", name: "label", maxlength: 80, autocomplete: "off", value: device.label });
    return form({
      fields: [label], submit: "Save",
      onsubmit: async (/** @type {Record<string, string>} */ values) => {
        // The hub publishes the change to everybody, this page included.
        const changed = await this.context.api(this.path, { method: "PATCH", body: { label: values.label } });
        this.show({ ...this.#device, ...changed });
        announce(`Its name is “${values.label}” now.`);
        label.input.closest("details")?.removeAttribute("open");
        focusOn(this.name);
      },
    });
  }

  #access() {
    return el("div", { class: "stack-tight" },
      el("p", { class: "small muted", text: "A phone that was paired has a token of its own. Without it, it cannot connect until it is paired again." }),
      el("div", { class: "row-actions" },
        confirmButton({
          text: "Take its access away", yes: "Yes, take it away",
          question: "Take its access away? The phone is disconnected at once, and cannot come back until it is paired again. Its events stay.",
          onconfirm: async () => {
            await this.context.api(`${this.path}/token`, { method: "DELETE" });
            this.#say("Its access is taken away.");
          },
        }),
        confirmButton({
          text: "Make a new token", yes: "Yes, make one",
          question: "Make a new token, for a camera that is a program? The one that it has ends at once.",
          onconfirm: async () => {
            const { device_token: token } = await this.context.api(`${this.path}/token`, { method: "POST" });
            this.#say("The token is shown only now:", copyRow(token, "the token of the camera"));
          },
        })));
  }

  #removal() {
    return confirmButton({
      text: "Remove", yes: "Yes, remove it and its clips",
      question: "Remove this camera? Its events, clips, settings and alerts are deleted with it, for everybody and for good.",
      onconfirm: async () => {
        const { list, label } = { list: this.element.parentElement, label: this.#label };
        await this.context.api(this.path, { method: "DELETE" });
        await this.context.hub().load();
        announce(`“${label}” was removed.`);
        const next = list?.querySelector("h2") ?? document.querySelector("main h1");
        if (next instanceof HTMLElement) {
          next.tabIndex = -1;
          focusOn(next);
        }
      },
    });
  }

  /** @param {string} text @param {...Node} more */
  #say(text, ...more) {
    this.made.replaceChildren(el("p", { text }), ...more);
    this.made.hidden = false;
    announce(text);
    this.made.scrollIntoView({ block: "nearest" });
  }
}
