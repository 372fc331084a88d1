#include "store/s3/curl.h"

#include "base/library.h"

#define CALL(member) \
    { "curl_" #member, offsetof(curl_calls, member) }

static const library_call CALLS[] = {
    CALL(easy_init),     CALL(easy_cleanup),  CALL(easy_reset),       CALL(easy_setopt),
    CALL(easy_getinfo),  CALL(easy_strerror), CALL(slist_append),     CALL(slist_free_all),
    CALL(multi_init),    CALL(multi_cleanup), CALL(multi_add_handle), CALL(multi_remove_handle),
    CALL(multi_perform), CALL(multi_poll),    CALL(multi_info_read),
};

static const library CURL_LIBRARY = {
    .file = "libcurl.so.4",
    .hint = "Buckets need libcurl: on Debian, apt-get install libcurl4.",
    .calls = CALLS,
    .count = ARRAY_SIZE(CALLS),
};

status curl_load(curl_calls *ret, error *err) {
    return library_load(&CURL_LIBRARY, ret, err);
}
