/* curl: libcurl, loaded when the first bucket is opened.
 *
 * With everything that it needs, loading it takes a third of the time that a run without work may
 * take; a lake in a folder never pays that. Only http.c calls through this table. */
#ifndef WEIR_STORE_S3_CURL_H
#define WEIR_STORE_S3_CURL_H

#include "base/error.h"

#define CURL_DISABLE_TYPECHECK /* its macros know the functions' own names only */
#include <curl/curl.h>

typedef struct curl_calls {
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *easy);
    void (*easy_reset)(CURL *easy);
    CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
    const char *(*easy_strerror)(CURLcode code);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_cleanup)(CURLM *multi);
    CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_perform)(CURLM *multi, int *running);
    CURLMcode (*multi_poll)(CURLM *multi, struct curl_waitfd extra[], unsigned extra_count,
                            int timeout_ms, int *ret_count);
    CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
} curl_calls;

/* E_IO with what to install when it is not there. Never unloaded. */
CHECKED status curl_load(curl_calls *ret, error *err);

#endif
