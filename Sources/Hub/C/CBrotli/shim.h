// The encoder of brotli (RFC 7932) for Swift.
#pragma once
#include <brotli/encode.h>
