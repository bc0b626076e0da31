// @ts-check
// Keeps the page's files of one version, so that it opens at once, and with the hub away. Nothing else: the API, media and the socket never pass here.

// The types of pages do not know it.
const worker = /** @type {any} */ (self);

// The hub fills both in, so that each version of the page is another worker.
const VERSION = "{{version}}";
/** Path and hash of each file, as Subresource Integrity has it. @type {[path: string, integrity: string][]} */
const FILES = /** @type {any} */ ("{{files}}");

const CACHES = "pingwatch-shell-";
const CACHE = CACHES + VERSION;
const paths = new Set(FILES.map(([path]) => path));

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(keep()));
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(takeOver()));

// The page asks somebody before it sends this.
worker.addEventListener("message", (/** @type {any} */ { data }) => {
  if (data?.type === "activate") worker.skipWaiting();
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !paths.has(pathname)) return;
  event.respondWith(find(pathname, request));
});

/** All files or none: a hub that changes its version meanwhile, or another one of the same name, gives files that are not those of the list. */
async function keep() {
  const requests = FILES.map(([path, integrity]) =>
    // What never changes comes from the browser's own cache, where the page has just put most of it.
    new Request(path, { integrity, redirect: "error", cache: path === "/" ? "no-cache" : "default" }));
  // It may be that of a worker at work: a hub can go back to the version before.
  const isThere = await caches.has(CACHE);
  try {
    await (await caches.open(CACHE)).addAll(requests);
  } catch (error) {
    if (!isThere) await caches.delete(CACHE);
    throw error;
  }
}

async function takeOver() {
  const names = (await caches.keys()).filter((name) => name.startsWith(CACHES) && name !== CACHE);
  await Promise.all(names.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** @param {string} path @param {Request} request */
async function find(path, request) {
  // The coding in which it came makes no difference any more.
  return (await caches.match(path, { cacheName: CACHE, ignoreVary: true })) ?? fetch(request);
}
