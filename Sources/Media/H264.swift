// Parameter sets of H.264, where they have to be moved about.

/// H.264 video (ITU-T H.264; ISO/IEC 14496-15 for avcC).
enum H264 {
    /// The sequence and picture parameter sets (NAL unit types 7 and 8) of a byte stream (annex B) with their start codes.
    static func parameterSets(in stream: [UInt8]) -> [UInt8] {
        var starts: [Int] = []
        var index = 0
        while index + 3 < stream.count {
            if stream[index] == 0, stream[index + 1] == 0, stream[index + 2] == 1 {
                starts.append(index + 3)
                index += 3
            } else {
                index += 1
            }
        }
        var sets: [UInt8] = []
        for (position, start) in starts.enumerated() where start < stream.count && [7, 8].contains(stream[start] & 0x1f) {
            var end = position + 1 < starts.count ? starts[position + 1] - 3 : stream.count
            while end > start, stream[end - 1] == 0 { end -= 1 }
            sets += [0, 0, 0, 1] + stream[start..<end]
        }
        return sets
    }

    /// The parameter sets of an avcC record, each with its length in front as in samples; empty when it is no such record.
    static func lengthPrefixedSets(in avcC: [UInt8]) -> [UInt8] {
        guard avcC.count >= 7, avcC[0] == 1 else { return [] }
        let lengthSize = Int(avcC[4] & 3) + 1
        var sets: [UInt8] = []
        var position = 5
        for mask in [0x1f, 0xff] as [UInt8] {
            guard position < avcC.count else { return [] }
            let count = avcC[position] & mask
            position += 1
            for _ in 0..<count {
                guard position + 2 <= avcC.count else { return [] }
                let size = Int(avcC[position]) << 8 | Int(avcC[position + 1])
                guard position + 2 + size <= avcC.count, lengthSize >= 2 || size < 256 else { return [] }
                sets += (0..<lengthSize).reversed().map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) }
                sets += avcC[position + 2..<position + 2 + size]
                position += 2 + size
            }
        }
        return sets
    }
}
