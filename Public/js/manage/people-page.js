// @ts-check
// The people of an account: who they are, what they may do, and who is invited.

import { announce, el, icon } from "../components/dom.js";
import { confirmButton, copyRow, field, form } from "../components/form.js";
import { accessWords, rightsOver, roleName, rolesToGive } from "../state/access-words.js";
import { date, isOver, until } from "../state/dates.js";
import { roleWords } from "../state/identity-words.js";
import { AccessFields } from "./access-fields.js";
import { card, focusOn, Loading, managePage, nothing, shareButton } from "./parts.js";

/** @typedef {import("../identity/context.js").Context} Context */

/** @param {Context} context @returns {HTMLElement} */
export function page(context) {
  const { api, signal } = context;
  const load = async () => {
    const [people, invitations, devices] = await Promise.all([api("/account/members"), api("/account/invitations"), api("/devices")]);
    return { people, invitations, devices };
  };
  const members = new Loading(signal, load, ({ people, invitations, devices }) => [
    card("people-title", "People", `They see the cameras of “${context.me?.account_name}”.`,
      el("ul", { class: "list-plain", "data-list": "people" },
        ...people.map((/** @type {any} */ person) => personRow(context, person, devices, members)))),
    inviteCard(context, devices, members),
    card("invited-title", "Open invitations", "", invitations.length
      ? el("ul", { class: "list-plain", "data-list": "invitations" },
        ...invitations.map((/** @type {any} */ invitation) => invitationRow(context, invitation, members)))
      : nothing("mail", "Nobody is invited", "Invitations that nobody has used yet appear here.")),
  ]);
  return managePage({ title: "People", lead: "Who sees your cameras, and who may do what." }, members.element);
}

/** @param {Context} context @param {any} person @param {any[]} devices @param {Loading<any>} list */
function personRow(context, person, devices, list) {
  const self = { user_id: context.me?.user_id ?? "", role: context.me?.role ?? "" };
  const isSelf = person.user_id === self.user_id;
  const rights = rightsOver(person, self);
  const name = person.name || person.email;
  const row = el("li", { class: "list-row person", "data-user": person.email },
    el("div", { class: "row-head" },
      el("div", {}, el("h3", { text: isSelf ? `${name} (you)` : name }), person.name && el("p", { class: "muted small", text: person.email })),
      el("span", { class: "badge", text: roleName(person.role) })),
    el("p", { class: "muted small", text: `${accessWords(person, devices)} · since ${date(person.created_at)}` }));
  const actions = el("div", { class: "row-actions" },
    rights.roles.length > 0 && el("details", { class: "fold" }, el("summary", { "aria-label": `Change what ${name} may do` }, "Change"),
      changeForm(context, person, rights.roles, devices, list)),
    rights.remove && confirmButton({
      text: "Remove", question: `Remove ${name}? They are signed out of this account at once. What they recorded stays.`, yes: "Yes, remove",
      onconfirm: async () => {
        await context.api(`/account/members/${encodeURIComponent(person.user_id)}`, { method: "DELETE" });
        await list.again();
        announce(`${name} was removed.`);
        focusOnHeading(list, "people-title");
      },
    }));
  if (actions.childElementCount) row.append(actions);
  if (isSelf) row.append(el("p", { class: "small" }, el("a", { href: "#/account", text: "Your account" }), ": your name, and leaving this one."));
  return row;
}

/** @param {Context} context @param {any} person @param {string[]} roles @param {any[]} devices @param {Loading<any>} list */
function changeForm(context, person, roles, devices, list) {
  const access = new AccessFields({ roles, role: person.role, all_devices: person.all_devices, devices: person.devices ?? [] }, devices);
  return form({
    fields: [], children: access.elements, submit: "Save",
    onsubmit: async () => {
      await context.api(`/account/members/${encodeURIComponent(person.user_id)}`, { method: "PATCH", body: access.value });
      await list.again();
      announce("Saved.");
      focusOnHeading(list, "people-title");
    },
  });
}

/** @param {Context} context @param {any[]} devices @param {Loading<any>} list */
function inviteCard(context, devices, list) {
  const canMail = Boolean(context.config?.mail);
  const email = field({
    label: "E-mail (optional)", name: "email", type: "email", required: false, autocomplete: "off",
    hint: canMail ? "The invitation is sent there, and works for this address alone." : "Then the invitation works for this address alone.",
  });
  const access = new AccessFields({ roles: rolesToGive(context.me?.role ?? ""), role: "viewer", all_devices: true, devices: [] }, devices);
  const place = el("div", { class: "stack" });
  const invite = form({
    fields: [email], children: access.elements, submit: "Invite",
    onsubmit: async (/** @type {Record<string, string>} */ values) => {
      const body = { ...access.value, ...(values.email ? { email: values.email } : {}) };
      const invitation = await context.api("/account/invitations", { method: "POST", body });
      email.input.value = "";
      await list.again();
      showInvitation(list, invitation);
    },
  });
  return card("invite-title", "Invite somebody", "They get a link, which makes them one of this account.", invite, place);
}

/** The link is told once. @param {Loading<any>} list @param {any} invitation */
function showInvitation(list, invitation) {
  const note = el("p", { tabindex: "-1", text: invitation.sent
    ? `The invitation was sent to ${invitation.email}. You can also hand on the link yourself:`
    : "Send this link to whom you invite. It is shown only now:" });
  const place = el("div", { class: "made stack-tight", "data-made": "invitation" }, note, copyRow(invitation.url, "the link of the invitation"),
    el("div", { class: "row row-tight" }, shareButton("An invitation to Ping Watch", invitation.url)),
    el("p", { class: "muted small", text: `It works once, until ${date(invitation.expires_at)}, for ${roleWords(invitation.role).name}.` }));
  list.element.querySelector("[aria-labelledby='invite-title']")?.append(place);
  announce("The invitation is made.");
  focusOn(note);
}

/** @param {Context} context @param {any} invitation @param {Loading<any>} list */
function invitationRow(context, invitation, list) {
  const whom = invitation.email ?? "Whoever has the link";
  const now = Date.now();
  const ends = isOver(invitation.expires_at, now) ? "expired" : `ends ${until(invitation.expires_at, now)}`;
  return el("li", { class: "list-row" },
    el("div", { class: "row-head" }, el("h3", {}, icon("mail"), ` ${whom}`), el("span", { class: "badge", text: roleName(invitation.role) })),
    el("p", { class: "muted small", text: `Made ${date(invitation.created_at)} · ${ends}` }),
    confirmButton({
      text: "Revoke", question: "Revoke this invitation? Its link works no more.", yes: "Yes, revoke",
      onconfirm: async () => {
        await context.api(`/account/invitations/${encodeURIComponent(invitation.invitation_id)}`, { method: "DELETE" });
        await list.again();
        announce("The invitation was revoked.");
        focusOnHeading(list, "invited-title");
      },
    }));
}

/** What had the focus is gone. @param {Loading<any>} list @param {string} id */
function focusOnHeading(list, id) {
  const heading = list.element.querySelector(`#${id}`);
  if (heading) focusOn(heading);
}
