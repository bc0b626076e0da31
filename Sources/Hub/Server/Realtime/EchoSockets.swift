// The subprotocol `echo`, by which tests of RFC 6455 see how the hub frames messages. The loop agrees to it with PINGWATCH_ECHO only.

import Loop

/// Sends every message back as it came. Such a socket has no client, no time-out and no account, and reaches nothing of the hub.
public enum EchoSockets {
    public static let subprotocol = "echo"
    /// Autobahn's largest.
    public static let maximumMessageBytes = 16 << 20
    /// What may wait for a peer that sends and does not read.
    private static let maximumWaitingBytes = 4 * maximumMessageBytes

    static func own(_ socket: WebSocket) -> Bool { socket.subprotocol == subprotocol }

    static func answer(_ message: MessageBuffer, isBinary: Bool, on socket: WebSocket) {
        guard socket.controlBytes + socket.mediaBytes + message.count <= maximumWaitingBytes else {
            return socket.close(code: CloseCode.slow, reason: "echoes are not read", discarding: true)
        }
        if isBinary {
            socket.send(media: message)
        } else {
            socket.send(text: message)
        }
    }
}
