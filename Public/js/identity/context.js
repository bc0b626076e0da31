// @ts-check
// What a page gets from the shell.

/**
 * `me`: who is signed in, as the hub said last; `null` where nobody is. `config`: how one may sign in here; `null` while the hub has not said it.
 * `signal`: aborted when the page is left.
 * @typedef {object} Context
 * @property {import("../state/routes.js").Route} route
 * @property {import("../state/session.js").Me|null} me
 * @property {Config|null} config
 * @property {(permission: string) => boolean} can
 * @property {typeof import("../net/api.js").api} api
 * @property {typeof import("../net/api.js").apiPage} apiPage
 * @property {typeof import("../net/api.js").apiBlob} apiBlob
 * @property {() => import("../viewer/hub.js").ViewerHub} hub
 * @property {(path: string, options?: {replace?: boolean}) => void} navigate
 * @property {AbortSignal} signal
 * @property {(given: {device: {device_id: string, label: string}, device_token: string}) => void} becomeCamera
 * @property {() => Promise<import("../state/session.js").Me|null>} reloadMe
 * @property {() => Promise<void>} signOut
 * @property {(words: string) => void} forgetSession
 * @property {(answer: any) => Promise<void>} signedIn takes the hub's answer to a sign-in
 * @property {(path: string, body: unknown) => Promise<void>} exchange posts what ends this sign-in and begins another
 *
 * @typedef {{setup_required: boolean, sign_up: "open"|"invitation"|"closed", dev_login: boolean, mail: boolean, password_minimum: number,
 *   oidc: {name: string}|null}} Config
 */

export {};
