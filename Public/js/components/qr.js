// @ts-check

import { el } from "./dom.js";

/** A QR code that the hub drew, on white whatever the scheme. @param {string} svg @param {string} alt what it is for */
export const qrPicture = (svg, alt) => el("img", { class: "qr", src: `data:image/svg+xml,${encodeURIComponent(svg)}`, alt });
