// @ts-check
// What the viewer knows, as pure functions of what it was told.

/**
 * @typedef {Record<string, any>} HubEvent an event object of the API
 * @typedef {Record<string, any>} Device
 * @typedef {{devices: Device[], events: HubEvent[], deliveries: Record<string, any[]>, steps: Record<string, any[]>,
 *   targets: Record<string, any[]>, nextCursor: string|null, isLoaded: boolean}} Timeline `deliveries` and `steps` by event, `targets` by device
 */

/** @type {Timeline} */
export const emptyTimeline = { devices: [], events: [], deliveries: {}, steps: {}, targets: {}, nextCursor: null, isLoaded: false };

/** The first page and the devices came. @param {Timeline} state @param {{devices: Device[], events: HubEvent[], nextCursor: string|null}} loaded @returns {Timeline} */
export const loaded = (state, { devices, events, nextCursor }) => ({ ...state, devices, events, nextCursor, isLoaded: true });

/** An older page came. @param {Timeline} state @param {{events: HubEvent[], nextCursor: string|null}} page @returns {Timeline} */
export const olderLoaded = (state, { events, nextCursor }) => ({ ...state, events: events.reduce(withEvent, state.events), nextCursor });

/** Who gets the alerts of a device. @param {Timeline} state @param {string} device @param {any[]} targets @returns {Timeline} */
export const targetsLoaded = (state, device, targets) => ({ ...state, targets: { ...state.targets, [device]: targets } });

/** All that is known of one event came. @param {Timeline} state @param {{event: HubEvent, deliveries: any[], steps: any[]}} loaded @returns {Timeline} */
export const eventLoaded = (state, { event, deliveries, steps }) => ({
  ...state,
  events: withEvent(state.events, event),
  deliveries: { ...state.deliveries, [event.event_id]: deliveries.reduce(withDelivery, state.deliveries[event.event_id] ?? []) },
  steps: { ...state.steps, [event.event_id]: steps },
});

/**
 * A publication of the `user:` channel.
 * @param {Timeline} state
 * @param {Record<string, any>} data
 * @returns {Timeline}
 */
export function published(state, data) {
  switch (data.type) {
    case "event.triggered":
    case "event.updated":
      return { ...state, events: withEvent(state.events, data.event) };
    case "device.updated":
      return { ...state, devices: withDevice(state.devices, data.device) };
    case "event.removed":
      return withoutEvents(state, ({ event_id: id }) => id === data.event_id);
    case "device.removed": {
      const { [data.device_id]: _, ...targets } = state.targets;
      const rest = withoutEvents(state, ({ device_id: id }) => id === data.device_id);
      return { ...rest, targets, devices: state.devices.filter((device) => device.device_id !== data.device_id) };
    }
    case "device.presence":
      return {
        ...state,
        devices: state.devices.map((device) =>
          device.device_id === data.device_id ? { ...device, online: data.online, watching: data.watching, ...seenAt(data.at) } : device,
        ),
      };
    case "device.telemetry":
      return {
        ...state,
        devices: state.devices.map((device) =>
          device.device_id === data.device_id ? { ...device, ...seenAt(data.at), health: { ...device.health, ...healthOf(data) } } : device,
        ),
      };
    case "session.started":
    case "session.stopped":
      return {
        ...state,
        devices: state.devices.map((device) =>
          device.device_id === data.session.device_id ? { ...device, watching: data.type === "session.started" } : device,
        ),
      };
    case "delivery.updated": {
      const { delivery } = data;
      return { ...state, deliveries: { ...state.deliveries, [delivery.event_id]: withDelivery(state.deliveries[delivery.event_id] ?? [], delivery) } };
    }
    case "target.updated":
      return targetsLoaded(state, data.device_id, data.targets);
    default:
      return state;
  }
}

/** @param {number|undefined} at ms since 1970 */
const seenAt = (at) => (at === undefined ? {} : { last_seen_at: new Date(at).toISOString() });

/** As the device object has it. @param {Record<string, any>} publication */
const healthOf = ({ telemetry, at }) => ({
  telemetry, problems: Array.isArray(telemetry?.problems) ? telemetry.problems : [], ...(at === undefined ? {} : { reported_at: new Date(at).toISOString() }),
});

/** Newest trigger first; what is older than what is known of an event is passed over. @param {HubEvent[]} events @param {HubEvent} event @returns {HubEvent[]} */
function withEvent(events, event) {
  const known = events.find((other) => other.event_id === event.event_id);
  if (known && known.updated_at > event.updated_at) return events;
  const merged = known ? { ...known, ...event } : event;
  const others = events.filter((other) => other !== known);
  const place = others.findIndex((other) => other.triggered_at < merged.triggered_at);
  return place < 0 ? [...others, merged] : [...others.slice(0, place), merged, ...others.slice(place)];
}

/** What was removed, with all that hangs on it. @param {Timeline} state @param {(event: HubEvent) => boolean} isGone @returns {Timeline} */
function withoutEvents(state, isGone) {
  const gone = new Set(state.events.filter(isGone).map((event) => event.event_id));
  /** @param {Record<string, any>} byEvent */
  const kept = (byEvent) => Object.fromEntries(Object.entries(byEvent).filter(([id]) => !gone.has(id)));
  return { ...state, events: state.events.filter((event) => !isGone(event)), deliveries: kept(state.deliveries), steps: kept(state.steps) };
}

/** Each at its place; only an answer of the API brings the history. @param {any[]} deliveries @param {any} delivery @returns {any[]} */
function withDelivery(deliveries, delivery) {
  const known = deliveries.find((other) => other.delivery_id === delivery.delivery_id);
  if (!known) return [...deliveries, delivery];
  if (known.updated_at > delivery.updated_at) return deliveries;
  return deliveries.map((other) => (other === known ? { ...known, ...delivery } : other));
}

/** @param {Device[]} devices @param {Device} device */
const withDevice = (devices, device) =>
  devices.some((other) => other.device_id === device.device_id)
    ? devices.map((other) => (other.device_id === device.device_id ? { ...other, ...device } : other))
    : [...devices, device];
