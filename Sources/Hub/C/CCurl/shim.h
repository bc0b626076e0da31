// libcurl for Swift: curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call.
#pragma once
#include <curl/curl.h>

typedef size_t (*pw_curl_write_callback)(char *data, size_t size, size_t count, void *user);
typedef int (*pw_curl_progress_callback)(
    void *user, curl_off_t download_total, curl_off_t downloaded, curl_off_t upload_total, curl_off_t uploaded);

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
static inline CURLcode pw_curl_get_long(CURL *curl, CURLINFO info, long *value) {
    return curl_easy_getinfo(curl, info, value);
}
