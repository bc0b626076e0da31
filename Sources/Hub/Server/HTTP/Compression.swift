// Compression of what is sent many times.

internal import CBrotli
internal import CZlib

enum Compression {
    /// RFC 1952 by zlib's deflate, as small as it gets; `nil` when zlib has no memory.
    static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard pw_deflate_init_gzip(&stream) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        let capacity = output.count
        let status = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(capacity)
                return deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { return nil }
        return Array(output.prefix(capacity - Int(stream.avail_out)))
    }

    /// Of 11: the last step costs a start twice the time and saves 3 % (250 kB of page: 0.1 s and 0.2 s, 75 kB and 73 kB).
    private static let brotliQuality: Int32 = 10

    /// RFC 7932; `nil` when the encoder has no memory.
    static func brotli(_ bytes: [UInt8]) -> [UInt8]? {
        var size = BrotliEncoderMaxCompressedSize(bytes.count)
        var output = [UInt8](repeating: 0, count: size)
        let status = BrotliEncoderCompress(brotliQuality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, bytes.count, bytes, &size, &output)
        return status == BROTLI_TRUE ? Array(output.prefix(size)) : nil
    }
}
