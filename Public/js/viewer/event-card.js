// @ts-check
// One event in the timeline, brought up to date in place.

import { el, icon } from "../components/dom.js";
import { clockTime, duration, eventBadges, eventProblem, eventTitle, isNotice, triggerIcon } from "../state/words.js";

/** What each card shows now, so that one that did not change is not touched. @type {WeakMap<HTMLElement, any[]>} */
const shown = new WeakMap();

/** @param {Record<string, any>} event @param {string} deviceLabel @param {any[]} [deliveries] */
export function makeCard(event, deviceLabel, deliveries) {
  const link = el("a", { href: `#/event/${encodeURIComponent(event.event_id)}` });
  const card = el(
    "article", { class: "event-card", "data-event-id": event.event_id, "data-notice": isNotice(event) ? event.trigger_type : null },
    el("div", { class: "event-picture" }, icon(triggerIcon(event.trigger_type))),
    el("div", { class: "event-body" }, el("h3", {}, el("span", { class: "event-dot" }), link), el("p", { class: "event-summary" }), el("p", { class: "event-meta" })),
  );
  updateCard(card, event, deviceLabel, deliveries);
  return card;
}

/** @param {HTMLElement} card @param {Record<string, any>} event @param {string} deviceLabel @param {any[]} [deliveries] */
export function updateCard(card, event, deviceLabel, deliveries) {
  const before = shown.get(card);
  if (before && before[0] === event && before[1] === deviceLabel && before[2] === deliveries) return;
  shown.set(card, [event, deviceLabel, deliveries]);
  card.dataset.status = event.status;
  const link = /** @type {HTMLElement} */ (card.querySelector("h3 a"));
  if (link.textContent !== eventTitle(event)) link.textContent = eventTitle(event);
  const summary = /** @type {HTMLElement} */ (card.querySelector(".event-summary"));
  const problem = eventProblem(event);
  summary.classList.toggle("event-reason", Boolean(problem));
  summary.textContent = problem ?? event.summary ?? "";
  summary.hidden = !summary.textContent;
  updatePicture(/** @type {HTMLElement} */ (card.querySelector(".event-picture")), event.thumbnail_url ?? event.poster_url);
  const meta = /** @type {HTMLElement} */ (card.querySelector(".event-meta"));
  meta.replaceChildren(
    el("time", { datetime: event.triggered_at, text: clockTime(event.triggered_at) }),
    el("span", { text: deviceLabel }),
    ...(event.duration_seconds && event.status !== "recording" ? [el("span", { text: duration(event.duration_seconds) })] : []),
    ...eventBadges(event, deliveries ?? []).map(({ text, tone }) => el("span", { class: "badge", "data-tone": tone, text })),
  );
}

/** Only another object is another picture: signatures change, and must not make it flicker. @param {HTMLElement} place @param {string|null} url */
function updatePicture(place, url) {
  const object = url?.split("?")[0] ?? "";
  if (!url || place.dataset.object === object) return;
  place.dataset.object = object;
  const image = el("img", { src: url, alt: "", decoding: "async" });
  image.addEventListener("load", () => {
    if (place.dataset.object === object) place.replaceChildren(image);
  });
  // The next answer has a new signature.
  image.addEventListener("error", () => {
    if (place.dataset.object === object) delete place.dataset.object;
  });
}
