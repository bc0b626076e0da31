// zlib for Swift: deflateInit2 is a macro in C.
#pragma once
#include <string.h>
#include <zlib.h>

// deflateInit2 with a gzip wrapper (RFC 1952), highest compression.
static inline int pw_deflate_init_gzip(z_stream *stream) {
    memset(stream, 0, sizeof *stream);
    return deflateInit2(stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
}
