// Channels: who hears what, and what they have missed.

import Domain
import Loop

extension RealtimeHub {
    // MARK: - Subscriptions

    func subscription(to channel: Channel, position: (epoch: String, offset: UInt64)?) -> JSON {
        let history = histories[channel] ?? ChannelHistory(epoch: epoch)
        histories[channel] = history
        var fields: [String: JSON] = [
            "recoverable": true, "positioned": true, "epoch": .string(history.epoch), "offset": .integer(Int64(history.offset)),
        ]
        if let position {
            let recovery = history.recover(epoch: position.epoch, offset: position.offset)
            fields["was_recovering"] = true
            fields["recovered"] = .bool(recovery.recovered)
            fields["publications"] = .array(
                recovery.publications.compactMap { entry in
                    JSON(parsing: entry.payload.utf8).map { ["data": $0, "offset": .integer(Int64(entry.offset))] }
                })
        }
        return .object(fields)
    }

    // MARK: - Publishing

    func publish(_ publication: Publication, to channel: Channel) {
        let data = publication.json(at: now).text
        var history = histories[channel] ?? ChannelHistory(epoch: epoch)
        let offset = history.append(data, at: now)
        histories[channel] = history
        guard let clients = subscribers[channel], !clients.isEmpty else { return }
        // Made once; the same bytes go to every subscriber.
        let message = MessageBuffer(
            text: "{\"push\":{\"channel\":\(JSON.string(channel.name).text),\"pub\":{\"data\":\(data),\"offset\":\(offset)}}}")
        for client in clients.values {
            client.socket.send(text: message)
            if client.socket.controlBytes > configuration.limits.maximumControlBytes {
                client.socket.close(code: CloseCode.slow, reason: "too slow", discarding: true)
            }
        }
    }

    func publish(_ publication: Publication, toUsersOf scope: AccountScope) {
        for user in accountUsers[scope.account] ?? [] { publish(publication, to: .user(user)) }
    }
}
