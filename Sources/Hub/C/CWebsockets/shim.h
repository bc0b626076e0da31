// libwebsockets for Swift: macros that Swift cannot import.
#pragma once
#include <libwebsockets.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

// LWS_PRE: writable bytes that lws_write() needs before every payload.
static const size_t PW_LWS_PRE = LWS_PRE;

// A port that speaks TLS with the certificate that LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS gives it, and that hears who speaks
// plain HTTP there, instead of hanging up.
static const uint64_t PW_LWS_TLS_OPTIONS = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
    LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT | LWS_SERVER_OPTION_ALLOW_HTTP_ON_HTTPS_LISTENER;

// LWS_PROTOCOL_LIST_TERM is an initialiser in C.
static inline void pw_lws_clear_protocol(struct lws_protocols *protocol) { memset(protocol, 0, sizeof *protocol); }
static inline void pw_lws_clear_info(struct lws_context_creation_info *info) { memset(info, 0, sizeof *info); }

// Bounds what the kernel takes without having sent it, so that a slow viewer is noticed here and not after megabytes.
static inline void pw_bound_unsent(int fd, int bytes) {
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}
