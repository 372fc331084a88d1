#include "base/library.h"

#include <dlfcn.h>

static status refuse(const library *wanted, error *err) {
    const char *why = dlerror();
    error_set(err, E_IO, "cannot load \"%s\": %s", wanted->file,
              why != NULL ? why : "no reason given");
    error_hint(err, "%s", wanted->hint);
    return E_IO;
}

status library_load(const library *wanted, void *table, error *err) {
    void *handle = dlopen(wanted->file, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return refuse(wanted, err);
    for (size_t i = 0; i < wanted->count; i++)
        if (dlsym(handle, wanted->calls[i].name) == NULL)
            return refuse(wanted, err);
    for (size_t i = 0; i < wanted->count; i++) {
        void *found = dlsym(handle, wanted->calls[i].name);
        memcpy((char *)table + wanted->calls[i].offset, &found, sizeof found);
    }
    return OK;
}
