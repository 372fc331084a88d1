#include "store/spool.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static status make_folder(const char *temp_dir, arena *a, char **ret, error *err) {
    char *folder = path_join(a, temp_dir, "spool-XXXXXX");
    TRY(dir_make(temp_dir, err));
    if (mkdtemp(folder) == NULL)
        return error_set_errno(err, errno, "cannot make a folder in \"%s\"", temp_dir);
    *ret = folder;
    return OK;
}

static status fetch(store *in, const char *key, const char *path, error *err) {
    char sha256[65];
    int64_t bytes = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot make \"%s\"", path);
    status got = store_get_file(in, key, fd, sha256, &bytes, err);
    close(fd);
    return got;
}

status spool_open(const char *temp_dir, store *in, const char *key, arena *a, spool *ret,
                  error *err) {
    char *folder = NULL;
    if (store_has(in, STORE_LOCAL_PATH)) {
        *ret = (spool){.path = store_url(in, a, key)};
        return OK;
    }
    TRY(make_folder(temp_dir, a, &folder, err));
    spool s = {.path = path_join(a, folder, path_name(key)), .folder = folder};
    status got = fetch(in, key, s.path, err);
    if (got == OK)
        *ret = s;
    else
        spool_close(&s);
    return got;
}

void spool_close(spool *s) {
    if (s->folder != NULL) {
        unlink(s->path);
        rmdir(s->folder);
    }
    *s = (spool){0};
}
