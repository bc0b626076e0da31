// @ts-check
// What the record of an account says, in words. Pure.

/** By the hub's own names. Tests/web/manage-words.test.js looks for those that have none. @type {Record<string, string>} */
const ACTIONS = {
  "account.exported": "Exported the account’s data",
  "account.renamed": "Renamed the account",
  "activation_code.made": "Made an activation code",
  "activation_code.redeemed": "A phone became a camera by an activation code",
  "activation_code.revoked": "Revoked an activation code",
  "device.added": "Added a camera",
  "device.removed": "Removed a camera",
  "device.renamed": "Renamed a camera",
  "device.token.given": "A phone was given its access as a camera",
  "device.token.made": "Made a new token for a camera",
  "device.token.revoked": "Took a camera’s access away",
  "event.removed": "Deleted an event",
  "identity.linked": "Signed in with another service for the first time",
  "invitation.accepted": "Joined by an invitation",
  "invitation.made": "Invited somebody",
  "invitation.revoked": "Revoked an invitation",
  "key.made": "Made an API key",
  "key.revoked": "Revoked an API key",
  "member.changed": "Changed what somebody may do",
  "member.left": "Left the account",
  "member.removed": "Removed somebody",
  "pairing.claimed": "A phone asked to join",
  "pairing.confirmed": "Let a phone in",
  "pairing.rejected": "Refused a phone",
  "pairing.started": "Showed a code to add a camera",
  "password.changed": "Changed the password",
  "password.link_asked": "Asked for a link to a new password",
  "password.link_made": "Made a link with which somebody sets a new password",
  "password.reset": "Set a new password",
  "recovery_code.used": "Signed in with a recovery code",
  "sign_in.begun": "Signed in",
  "sign_in.ended": "Ended a sign-in",
  "sign_in.failed": "Somebody failed to sign in",
  "sign_in.token_reused": "A sign-in was ended: its token came twice, and may have been stolen",
  "totp.off": "Turned the second factor off",
  "totp.on": "Turned the second factor on",
};

/** Whether there are words for it. @param {string} action */
export const isKnown = (action) => Object.hasOwn(ACTIONS, action);

/**
 * What was done, in words, else as the hub calls it. The subject is an id, which tells people nothing: it stands where nothing else does.
 * @param {{action: string, subject?: string|null, detail?: string|null}} entry
 */
export function auditWords({ action, subject, detail }) {
  if (isKnown(action)) return detail ? `${ACTIONS[action]}: ${detail}` : ACTIONS[action];
  return [action, detail || subject].filter(Boolean).join(": ");
}

/** @type {Record<string, string>} */
const KINDS = { device: "Camera", key: "API key", worker: "Worker", operator: "Whoever runs this hub", nobody: "Somebody who is not signed in" };

/** Who did it. @param {{kind: string, name?: string|null}|null|undefined} actor */
export function actorWords(actor) {
  if (!actor) return "The hub";
  const kind = Object.hasOwn(KINDS, actor.kind) ? KINDS[actor.kind] : actor.kind === "user" ? "" : actor.kind;
  return [kind, actor.name ? (kind ? `“${actor.name}”` : actor.name) : ""].filter(Boolean).join(" ") || "Somebody";
}
