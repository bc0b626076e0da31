// Names of codecs as browsers want them (RFC 6381 and the codecs' own ISO bindings).

enum CodecName {
    /// - Parameter record: AVCDecoderConfigurationRecord of ISO/IEC 14496-15.
    static func avc(_ record: ArraySlice<UInt8>) throws(ContainerError) -> String {
        guard record.count >= 7, record.first == 1 else { throw .malformed(element: "avcC", reason: "it is no configuration of H.264") }
        return "avc1." + record.dropFirst().prefix(3).map(hex).joined()
    }

    /// - Parameter record: AV1CodecConfigurationRecord.
    static func av1(_ record: ArraySlice<UInt8>) throws(ContainerError) -> String {
        guard record.count >= 4, record.first == 0x81 else { throw .malformed(element: "av1C", reason: "it is no configuration of AV1") }
        let bytes = Array(record.prefix(4))
        let isHighDepth = bytes[2] & 0x40 != 0, isTwelve = bytes[2] & 0x20 != 0
        return "av01.\(bytes[1] >> 5).\(twoDigits(bytes[1] & 0x1f))\(bytes[2] & 0x80 != 0 ? "H" : "M").\(isHighDepth ? isTwelve ? "12" : "10" : "08")"
    }

    /// - Parameter box: content of `vpcC`, a full box.
    static func vp9(_ box: ArraySlice<UInt8>) throws(ContainerError) -> String {
        guard box.count >= 7 else { throw .malformed(element: "vpcC", reason: "it is no configuration of VP9") }
        let bytes = Array(box.prefix(7))
        return "vp09.\(twoDigits(bytes[4])).\(twoDigits(bytes[5])).\(twoDigits(bytes[6] >> 4))"
    }

    /// What a peer calls its codec, in letters that may be shown.
    static func printable(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.prefix(32).map { (0x20..<0x7f).contains($0.value) ? $0 : "?" }))
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    private static func twoDigits(_ value: UInt8) -> String { (value < 10 ? "0" : "") + String(value) }
}
