// @ts-check
// Where one is signed in, and ending it there.

import { el, icon } from "../components/dom.js";
import { agentWords, agoWords } from "../state/identity-words.js";
import { section } from "./parts.js";

/** @param {import("./context.js").Context} context */
export function sessionsSection({ api, signal }) {
  const problem = el("p", { class: "form-problem", role: "alert", hidden: true });
  const list = el("ul", { class: "list-plain", "aria-label": "Where you are signed in" });
  const done = el("p", { class: "form-done", role: "status" });
  const others = el("button", { class: "button button-danger", type: "button", hidden: true, onclick: () => attempt(endOthers) },
    "Sign out everywhere else");

  async function load() {
    const sessions = await api("/auth/sessions", { signal });
    // This one first, then who was here last.
    sessions.sort((/** @type {any} */ a, /** @type {any} */ b) =>
      Number(b.current) - Number(a.current) || Date.parse(b.used_at) - Date.parse(a.used_at));
    others.hidden = sessions.length < 2;
    list.replaceChildren(...sessions.map(row));
  }

  /** @param {any} session */
  function row({ sign_in_id: id, created_at, used_at, address, agent, current }) {
    const name = agentWords(agent), since = `since ${new Date(created_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}`;
    const details = [current ? "" : `used ${agoWords(used_at, Date.now())}`, since, address].filter(Boolean).join(" · ");
    const ended = () => attempt(async () => {
      await api(`/auth/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
      done.textContent = `Signed out on ${name}.`;
      await load();
    });
    return el("li", { class: "list-row", "data-session": id },
      el("div", {},
        el("p", {}, el("strong", { text: name }), " ", current && el("span", { class: "badge", "data-tone": "ok" }, icon("check"), "This one")),
        el("p", { class: "muted small", text: details })),
      !current && el("button", { class: "button", type: "button", "aria-label": `Sign out: ${name}, ${since}`, onclick: ended, text: "Sign out" }));
  }

  async function endOthers() {
    const { ended } = await api("/auth/sessions", { method: "DELETE" });
    done.textContent = ended === 1 ? "Signed out at one other place." : `Signed out at ${ended} other places.`;
    await load();
  }

  /** @param {() => Promise<void>} body */
  async function attempt(body) {
    problem.hidden = true;
    try {
      await body();
    } catch (/** @type {any} */ error) {
      if (signal.aborted) return;
      problem.textContent = error.message;
      problem.hidden = false;
    }
  }

  attempt(load);
  return section("sessions", "Where you are signed in", list, problem, done, others);
}
