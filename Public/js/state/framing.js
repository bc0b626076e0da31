// @ts-check
// Help with where the phone stands: what is wrong with the picture and with the phone's angle. Pure.

/** Grey levels from 0 to 255. */
const DARK = 40;
const BRIGHT = 225;
/** A picture whose grey levels differ less shows nothing. */
const FLAT = 6;
const LEVEL_DEGREES = 5;
/** So far from upright its picture is of floor or ceiling. */
const FLAT_DEGREES = 60;

/** Mean and standard deviation of grey levels. @param {Uint8Array} luma */
export function lumaFacts(luma) {
  let sum = 0, squares = 0;
  for (const value of luma) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / luma.length;
  return { mean, spread: Math.sqrt(Math.max(0, squares / luma.length - mean * mean)) };
}

/**
 * How a phone is held, from its orientation sensor (W3C DeviceOrientation: turned about x by beta, then about y by gamma, degrees).
 * @param {{beta: number|null, gamma: number|null}} orientation
 * @returns {{roll: number, pitch: number}|null} degrees from level about the camera's axis, and from upright
 */
export function tilt({ beta, gamma }) {
  if (beta === null || gamma === null) return null;
  const b = (beta * Math.PI) / 180, g = (gamma * Math.PI) / 180;
  // Up, as the phone sees it.
  const x = -Math.cos(b) * Math.sin(g), y = Math.sin(b), z = Math.cos(b) * Math.cos(g);
  const angle = (Math.atan2(x, y) * 180) / Math.PI;
  return { roll: angle - 90 * Math.round(angle / 90), pitch: (Math.asin(Math.max(-1, Math.min(1, z))) * 180) / Math.PI };
}

/**
 * What to put right, the worst first.
 * @param {{luma: {mean: number, spread: number}|null, tilt: {roll: number, pitch: number}|null, problems?: readonly string[]}} facts
 * @returns {string[]}
 */
export function framingHints({ luma, tilt: held, problems = [] }) {
  const hints = [];
  const isBlank = luma !== null && luma.spread < FLAT;
  if (problems.includes("covered") || isBlank) hints.push("The lens seems to be covered. Take off what is before it, also a case.");
  else if (luma && luma.mean < DARK) hints.push("It is dark. At night the camera sees only what some lamp lights.");
  else if (luma && luma.mean > BRIGHT) hints.push("The picture is too bright. Turn the phone away from the window or the lamp.");
  if (held && Math.abs(held.pitch) > FLAT_DEGREES) hints.push(held.pitch > 0 ? "The phone lies flat. Stand it upright." : "The phone looks up. Stand it upright.");
  else if (held && Math.abs(held.roll) > LEVEL_DEGREES) hints.push(`The phone leans by ${Math.round(Math.abs(held.roll))}°. Level it.`);
  return hints;
}
