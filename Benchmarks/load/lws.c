/*
 * lws - a broadcaster as plain libwebsockets users write it: the reference for what the library alone does.
 *
 * One thread on libuv. GET /pub/NAME makes a publisher of channel NAME, GET /sub/NAME a subscriber. A message goes into a queue of each
 * subscriber, which asks for LWS_CALLBACK_SERVER_WRITEABLE and hands one message a turn to lws_write. The settings are those that
 * measured best: no validity timers, 64 KiB reads, whole messages at a time, and no tables larger than the files it may open.
 *
 * usage: lws PORT [CERTIFICATE KEY]   (PEM files: TLS)
 */
#define _GNU_SOURCE
#include <err.h>
#include <libwebsockets.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#define CHANNELS 4096                  /* buckets of the channel table */
#define BACKLOG (4096u << 10)          /* a subscriber that is further behind misses whole messages */

/* Shared by all who still have to get it. lws_write puts its header before `bytes`, the same for everyone. */
struct message { uint32_t refs; bool binary; size_t len; uint8_t *bytes, room[]; };

struct conn {
    struct lws *wsi;
    struct channel *channel;           /* of a subscriber or publisher; none before it is known */
    bool publisher;
    size_t place;                      /* index among the subscribers of the channel */
    struct message **queue;            /* a ring, for as many as `cap` */
    size_t head, count, cap, queued_bytes;
    uint8_t *in;                       /* a message that is coming in */
    size_t in_len, in_cap;
};

struct channel { char name[80]; struct channel *next; struct conn **subs; size_t count, cap; };

static struct channel *table[CHANNELS];
static struct lws_context *context;

static void *resized(void *p, size_t bytes) {
    if (!(p = realloc(p, bytes))) errx(1, "out of memory");
    return p;
}

static struct channel *channel_named(const char *name) {
    uint32_t hash = 5381;
    for (const char *c = name; *c; c++) hash = hash * 33 + (uint8_t)*c;
    struct channel **at = &table[hash % CHANNELS];
    for (; *at; at = &(*at)->next)
        if (!strcmp((*at)->name, name)) return *at;
    *at = memset(resized(NULL, sizeof **at), 0, sizeof **at);
    strcpy((*at)->name, name);
    return *at;
}

/* ---------------------------------------------------------------- queues ----------------------- */
static void release(struct message *m) {
    if (!--m->refs) free(m);
}

static void enqueue(struct conn *c, struct message *m) {
    if (c->queued_bytes + m->len > BACKLOG) return;
    if (c->count == c->cap) {
        size_t cap = c->cap * 2 + 8;
        struct message **larger = resized(NULL, cap * sizeof *larger);
        for (size_t i = 0; i < c->count; i++) larger[i] = c->queue[(c->head + i) % c->cap];
        free(c->queue);
        c->queue = larger, c->cap = cap, c->head = 0;
    }
    c->queue[(c->head + c->count++) % c->cap] = m;
    c->queued_bytes += m->len;
    m->refs++;
    lws_callback_on_writable(c->wsi);
}

static struct message *dequeue(struct conn *c) {
    struct message *m = c->queue[c->head];
    c->head = (c->head + 1) % c->cap;
    c->count--;
    c->queued_bytes -= m->len;
    return m;
}

/* ---------------------------------------------------------------- connections ------------------ */
static int join(struct conn *c, struct lws *wsi) {
    char uri[80];
    c->wsi = wsi;
    if (lws_hdr_copy(wsi, uri, sizeof uri, WSI_TOKEN_GET_URI) < 6) return -1;
    c->publisher = !strncmp(uri, "/pub/", 5);
    if (!c->publisher && strncmp(uri, "/sub/", 5)) return -1;
    struct channel *channel = c->channel = channel_named(uri + 5);
    if (c->publisher) return 0;
    if (channel->count == channel->cap) {
        channel->cap = channel->cap * 2 + 4;
        channel->subs = resized(channel->subs, channel->cap * sizeof *channel->subs);
    }
    c->place = channel->count;
    channel->subs[channel->count++] = c;
    return 0;
}

static void leave(struct conn *c) {
    struct channel *channel = c->channel;
    if (channel && !c->publisher) {
        channel->subs[c->place] = channel->subs[--channel->count];
        channel->subs[c->place]->place = c->place;
    }
    while (c->count) release(dequeue(c));
    free(c->queue);
    free(c->in);
}

static void receive(struct conn *c, const void *bytes, size_t len) {
    size_t left = lws_remaining_packet_payload(c->wsi), need = c->in_len + len + left;
    if (need > c->in_cap) c->in = resized(c->in, c->in_cap = need);
    memcpy(c->in + c->in_len, bytes, len);
    c->in_len += len;
    if (left || !lws_is_final_fragment(c->wsi)) return;
    if (c->channel && c->publisher) {
        struct message *m = resized(NULL, sizeof *m + LWS_PRE + c->in_len);
        *m = (struct message){ .refs = 1, .binary = lws_frame_is_binary(c->wsi), .len = c->in_len, .bytes = m->room + LWS_PRE };
        memcpy(m->bytes, c->in, c->in_len);
        for (size_t i = 0; i < c->channel->count; i++) enqueue(c->channel->subs[i], m);
        release(m);
    }
    c->in_len = 0;
}

static int writable(struct conn *c) {
    if (!c->count) return 0;
    struct message *m = dequeue(c);
    int written = lws_write(c->wsi, m->bytes, m->len, m->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
    release(m);
    if (written < 0) return -1;
    if (c->count) lws_callback_on_writable(c->wsi);
    return 0;
}

static int serve(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED: return join(user, wsi);
    case LWS_CALLBACK_CLOSED: return leave(user), 0;
    case LWS_CALLBACK_RECEIVE: return receive(user, in, len), 0;
    case LWS_CALLBACK_SERVER_WRITEABLE: return writable(user);
    default: return lws_callback_http_dummy(wsi, reason, user, in, len);
    }
}

/* ---------------------------------------------------------------- start ------------------------ */
static void end(uv_signal_t *handle, int number) {
    (void)handle, (void)number;
    _exit(0);
}

int main(int argc, char **argv) {
    static const struct lws_protocols protocols[] = {
        { .name = "http", .callback = serve, .per_session_data_size = sizeof (struct conn), .rx_buffer_size = 64 << 10, .tx_packet_size = 1 << 20 },
        { 0 },
    };
    static const lws_retry_bo_t no_validity_checks = { 0 };
    struct rlimit files;
    uv_loop_t *loop = uv_default_loop();
    void *foreign[] = { loop };
    uv_signal_t terminate;
    if (argc != 2 && argc != 4) errx(2, "usage: lws PORT [CERTIFICATE KEY]");
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max < 20000 ? files.rlim_max : 20000;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    uv_signal_init(loop, &terminate);
    uv_signal_start(&terminate, end, SIGTERM);
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context_creation_info info = {
        .port = atoi(argv[1]), .iface = "127.0.0.1", .protocols = protocols, .foreign_loops = foreign, .pt_serv_buf_size = 256 << 10,
        .max_http_header_pool = 64, .retry_and_idle_policy = &no_validity_checks, .options = LWS_SERVER_OPTION_LIBUV, .alpn = "http/1.1",
    };
    if (argc == 4) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = argv[2];
        info.ssl_private_key_filepath = argv[3];
    }
    if (!(context = lws_create_context(&info))) errx(1, "cannot serve on port %s", argv[1]);
    return uv_run(loop, UV_RUN_DEFAULT);
}
