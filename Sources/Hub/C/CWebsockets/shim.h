// libwebsockets for Swift: macros that Swift cannot import.
#pragma once
#include <libwebsockets.h>

// LWS_PRE: writable bytes that lws_write() needs before every payload.
static const size_t PW_LWS_PRE = LWS_PRE;
