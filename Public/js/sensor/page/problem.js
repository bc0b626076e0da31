// @ts-check
// Why the camera does not run, and what to do about it.

import { el, icon } from "../../components/dom.js";
import { browserOf, permissionSteps } from "../../state/permission-help.js";
import { CameraError } from "../camera.js";

/** @param {any} error @returns {(Node|null)[]} */
export function problemContent(error) {
  const title = error instanceof CameraError ? error.title : "Watching could not start.";
  const steps = error.isRefused ? permissionSteps(browserOf(navigator.userAgent, { touchPoints: navigator.maxTouchPoints })) : null;
  return [
    el("h2", {}, icon("warning"), title),
    steps
      ? el("ol", { class: "steps" }, ...steps.map((text) => el("li", { text })))
      : el("p", { text: error instanceof CameraError ? error.advice : error.message }),
  ];
}
