// libcurl for Swift: curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call.
#pragma once
#include <curl/curl.h>
#include <netinet/in.h>

typedef size_t (*pw_curl_write_callback)(char *data, size_t size, size_t count, void *user);
typedef int (*pw_curl_progress_callback)(
    void *user, curl_off_t download_total, curl_off_t downloaded, curl_off_t upload_total, curl_off_t uploaded);
typedef curl_socket_t (*pw_curl_open_socket_callback)(void *user, curlsocktype purpose, struct curl_sockaddr *address);
typedef int (*pw_curl_connected_callback)(
    void *user, char *remote_address, char *local_address, int remote_port, int local_port);

// CURL_GLOBAL_DEFAULT, a macro of macros.
static const long PW_CURL_GLOBAL_DEFAULT = CURL_GLOBAL_DEFAULT;

static inline CURLcode pw_curl_set_long(CURL *curl, CURLoption option, long value) {
    return curl_easy_setopt(curl, option, value);
}
static inline CURLcode pw_curl_set_string(CURL *curl, CURLoption option, const char *value) {
    return curl_easy_setopt(curl, option, value);
}
static inline CURLcode pw_curl_set_pointer(CURL *curl, CURLoption option, void *value) {
    return curl_easy_setopt(curl, option, value);
}
static inline CURLcode pw_curl_set_write(CURL *curl, CURLoption option, pw_curl_write_callback callback) {
    return curl_easy_setopt(curl, option, callback);
}
static inline CURLcode pw_curl_set_progress(CURL *curl, pw_curl_progress_callback callback) {
    return curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, callback);
}
static inline CURLcode pw_curl_set_open_socket(CURL *curl, pw_curl_open_socket_callback callback) {
    return curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, callback);
}
static inline CURLcode pw_curl_set_connected(CURL *curl, pw_curl_connected_callback callback) {
    return curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, callback);
}
static inline CURLcode pw_curl_get_long(CURL *curl, CURLINFO info, long *value) {
    return curl_easy_getinfo(curl, info, value);
}

// Where the bytes of an IPv4 or IPv6 address are, and how many; 0 for another family. Swift has no view of a sockaddr's true size.
static inline size_t pw_curl_address_bytes(const struct curl_sockaddr *address, const unsigned char **bytes) {
    if (address->family == AF_INET && address->addrlen >= sizeof(struct sockaddr_in)) {
        *bytes = (const unsigned char *)&((const struct sockaddr_in *)&address->addr)->sin_addr;
        return 4;
    }
    if (address->family == AF_INET6 && address->addrlen >= sizeof(struct sockaddr_in6)) {
        *bytes = (const unsigned char *)&((const struct sockaddr_in6 *)&address->addr)->sin6_addr;
        return 16;
    }
    return 0;
}
