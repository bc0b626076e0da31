// Live streams of sensors that have a recorder only: its bytes are cut into what viewers can play (docs/PROTOCOL.md, "Live from a recorder").

import Domain
import FoundationEssentials
import Loop
import Runtime

extension RealtimeHub {
    /// A piece of what the recorder wrote. What is no recording ends the stream, and the sensor is told why.
    func relayRecorded(_ header: FrameHeader, _ message: MessageBuffer, from client: Client) {
        guard let key = relays[header.stream]?.key, isSensor(client, of: key) else { return }
        var recording = relays[header.stream]?.recording ?? RecordedStream(stream: header.stream)
        // Not to be held twice while it grows.
        relays[header.stream]?.recording = nil
        do {
            let outputs = try message.withBytes { (bytes) throws(RecordedStream.Refusal) in
                try recording.receive(header, bytes.dropFirst(FrameHeader.size))
            }
            relays[header.stream]?.recording = recording
            // Each of them is as much work as a message.
            if outputs.count > 1 { spend(messages: outputs.count - 1, of: client, at: now) }
            for output in outputs {
                switch output {
                case .configuration(let header, let initialization):
                    relay(header, MessageBuffer(header.encoded + Array(Self.configuration(initialization).text.utf8)), from: client)
                case .frame(let header, let payload): relay(header, MessageBuffer(header.encoded + payload), from: client)
                }
            }
        } catch {
            log.warning("a recorder's live stream was refused", ["client": client.name, "error": error.description])
            client.message([
                "type": "live.error", "stream": .integer(Int64(header.stream)), "code": "bad_recording", "message": .string(error.description),
            ])
            endLive(header.stream, reason: "the camera's stream is damaged")
        }
    }

    private static func configuration(_ initialization: ContainerInitialization) -> JSON {
        [
            "container": .string(initialization.mime), "width": .integer(Int64(initialization.width)),
            "height": .integer(Int64(initialization.height)), "init": .string(Data(initialization.bytes).base64EncodedString()),
        ]
    }
}
