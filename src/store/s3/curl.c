#include "store/s3/curl.h"

#include <dlfcn.h>

static const char LIBRARY[] = "libcurl.so.4";

typedef struct wanted {
    const char *name;
    size_t offset; /* in curl_calls */
} wanted;

#define CALL(member) \
    { "curl_" #member, offsetof(curl_calls, member) }

static const wanted WANTED[] = {
    CALL(easy_init),     CALL(easy_cleanup),  CALL(easy_reset),       CALL(easy_setopt),
    CALL(easy_getinfo),  CALL(easy_strerror), CALL(slist_append),     CALL(slist_free_all),
    CALL(multi_init),    CALL(multi_cleanup), CALL(multi_add_handle), CALL(multi_remove_handle),
    CALL(multi_perform), CALL(multi_poll),    CALL(multi_info_read),
};

static status refuse(const char *why, error *err) {
    error_set(err, E_IO, "cannot load \"%s\": %s", LIBRARY, why != NULL ? why : "no reason given");
    error_hint(err, "Buckets need libcurl: on Debian, apt-get install libcurl4.");
    return E_IO;
}

status curl_load(curl_calls *ret, error *err) {
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return refuse(dlerror(), err);
    curl_calls calls = {0};
    for (size_t i = 0; i < ARRAY_SIZE(WANTED); i++) {
        void *found = dlsym(library, WANTED[i].name);
        if (found == NULL)
            return refuse(dlerror(), err);
        memcpy((char *)&calls + WANTED[i].offset, &found, sizeof found);
    }
    *ret = calls;
    return OK;
}
