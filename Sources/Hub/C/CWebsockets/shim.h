// libwebsockets for Swift: macros that Swift cannot import.
#pragma once
#include <libwebsockets.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

// LWS_PRE: writable bytes that lws_write() needs before every payload.
static const size_t PW_LWS_PRE = LWS_PRE;

// A port that speaks TLS with the certificate that LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS gives it, and that hears who speaks
// plain HTTP there, instead of hanging up.
static const uint64_t PW_LWS_TLS_OPTIONS = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
    LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT | LWS_SERVER_OPTION_ALLOW_HTTP_ON_HTTPS_LISTENER;

// Sockets are accepted elsewhere and adopted.
static const int PW_LWS_NO_LISTENER = CONTEXT_PORT_NO_LISTEN_SERVER;

// The hub pings by itself; without this each connection has a timer in a list that is searched from its beginning.
static const lws_retry_bo_t pw_lws_no_validity_checks = {0};

// LWS_PROTOCOL_LIST_TERM is an initialiser in C.
static inline void pw_lws_clear_protocol(struct lws_protocols *protocol) { memset(protocol, 0, sizeof *protocol); }
static inline void pw_lws_clear_info(struct lws_context_creation_info *info) { memset(info, 0, sizeof *info); }

// An accepted socket: no delay for small messages, and a bound on what the kernel takes without having sent it, so that a slow viewer is
// noticed here and not after megabytes.
static inline void pw_prepare_socket(int fd, int bytes) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

// writev(2) without SIGPIPE.
static inline ssize_t pw_send_vectors(int fd, struct iovec *vectors, size_t count) {
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = count};
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// accept4(2), which is only declared under _GNU_SOURCE.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
static inline int pw_accept(int fd, struct sockaddr *address, socklen_t *length) {
    return accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
