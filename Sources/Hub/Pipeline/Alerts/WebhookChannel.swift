// One alert to the installation's webhook.

import Domain
import Runtime

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

struct WebhookChannel: AlertChannel {
    let client: WebhookClient
    /// As in `TelegramChannel`.
    let publicURL: String?
    let clock: WallClock

    /// docs/API.md, "Webhook".
    private struct Body: Encodable {
        let type: String
        let delivery_id: String
        let possible_repeat: Bool
        let event: Event?

        struct Event: Encodable {
            let event_id: String
            let device_id: String
            let device_label: String
            let session_id: String
            let trigger_type: String
            let triggered_at: String
            let duration_seconds: Double?
            let incomplete: Bool
            let summary: String?
            let label: String?
            let confidence: Double?
            let tags: [String]
            let url: String?
        }
    }

    func send(_ alert: Alert) async throws -> String? {
        let event = alert.event
        try await post(
            Body(
                type: event.source == .notice ? "device.alert" : "event.alert", delivery_id: alert.delivery.id.rawValue, possible_repeat: alert.delivery.possibleRepeat,
                event: Body.Event(
                    event_id: event.id.rawValue, device_id: event.device.rawValue, device_label: alert.deviceLabel,
                    session_id: event.session.rawValue, trigger_type: event.trigger.type,
                    triggered_at: formatISO8601(milliseconds: event.trigger.at.milliseconds), duration_seconds: event.clip.durationSeconds,
                    incomplete: event.clip.isIncomplete, summary: event.analysis?.summary, label: event.analysis?.label,
                    confidence: event.analysis?.confidence, tags: event.analysis?.tags ?? [], url: publicURL.map { "\($0)/#/event/\(event.id)" })))
        return nil
    }

    func sendTest(to target: String, deviceLabel: String) async throws {
        try await post(
            Body(type: "test", delivery_id: makeUUIDv7(milliseconds: clock.milliseconds), possible_repeat: false, event: nil))
    }

    private func post(_ body: Body) async throws {
        do {
            _ = try await client.send(
                body: Array(try JSONEncoder().encode(body)), deliveryID: body.delivery_id, timestamp: clock.milliseconds)
        } catch let error as WebhookError {
            throw AlertFailure(
                reason: error.description, remedy: error.isRetryable ? .later(afterSeconds: error.retryAfter) : .none,
                statusCode: error.statusCode, mayHaveArrived: error.isOutcomeUnknown)
        }
    }
}
