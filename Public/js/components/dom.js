// @ts-check
// Elements from a few words. Text always goes through textContent.

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, `data-…`, `aria-…`, other attributes; `on…` adds a listener; `text` sets the text
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * An icon of the sprite, hidden from assistive technology: text always stands beside it.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  // Beside this module, where it may be kept for ever.
  use.setAttribute("href", new URL(`../../icons/sprite.svg#${name}`, import.meta.url).href);
  svg.append(use);
  return svg;
}

/** Says something to who cannot see it. @param {string} text */
export function announce(text) {
  const region = document.getElementById("announcements");
  if (region) region.textContent = text;
}
