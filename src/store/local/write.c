#include "store/local/local.h"

#include "base/crash.h"
#include "base/hash.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    COPY_SIZE = 1024 * 1024,
    WRITEBACK_SIZE = 8 * COPY_SIZE, /* how much is written before the disk is told to begin */
    PUBLISH_TRIES = 10,
    TEMP_TRIES = 1000,
};

/* A file that is being written and has no name of its own yet. */
typedef struct temp {
    int folder_fd;
    int fd; /* -1: closed */
    char *name;
} temp;

char *local_temp_name(local *l, arena *a) {
    return arena_printf(a, "%ld-%lu", (long)getpid(), l->temp_count++);
}

/* Other processes may have had our number: take the next name. */
static int create_temp(local *l, arena *a, int folder_fd, char **ret_name) {
    for (int i = 0; i < TEMP_TRIES; i++) {
        *ret_name = local_temp_name(l, a);
        int fd =
            openat(folder_fd, *ret_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static status open_temp(local *l, arena *a, const char *key, temp *ret, error *err) {
    int folder_fd = -1;
    char *name = NULL;
    TRY(local_open_folder(l, LOCAL_TEMP, LOCAL_MAKE_DURABLY, &folder_fd, err));
    int fd = create_temp(l, a, folder_fd, &name);
    if (fd < 0) {
        int problem = errno;
        close(folder_fd);
        return local_error(l, problem, key, "write", err);
    }
    *ret = (temp){folder_fd, fd, name};
    return OK;
}

/* After a rename the name is gone already, which is fine. */
static void drop_temp(temp *t) {
    if (t->fd >= 0)
        close(t->fd);
    unlinkat(t->folder_fd, t->name, 0);
    close(t->folder_fd);
}

static status finish_temp(local *l, temp *t, const char *key, store_put_options options,
                          error *err) {
    crash_point("store.written");
    bool durable = (!options.read_only || fchmod(t->fd, 0444) == 0) && fsync(t->fd) == 0;
    int problem = errno;
    bool closed = close(t->fd) == 0; /* some file systems tell only now that a write failed */
    if (durable && !closed)
        problem = errno;
    t->fd = -1;
    crash_point("store.durable");
    return durable && closed ? OK : local_error(l, problem, key, "write", err);
}

static bool give_name(const temp *t, const local_place *to, store_put_options options) {
    int result = options.if_absent ? linkat(t->folder_fd, t->name, to->folder_fd, to->name, 0)
                                   : renameat(t->folder_fd, t->name, to->folder_fd, to->name);
    return result == 0;
}

static status publish_once(local *l, const temp *t, const char *key, store_put_options options,
                           error *err) {
    local_place to;
    status result = OK;
    TRY(local_open_place(l, key, LOCAL_MAKE_DURABLY, &to, err));
    if (!give_name(t, &to, options)) {
        result = local_error(l, errno, key, "write", err);
    } else if (fsync(to.folder_fd) != 0) {
        result = local_error(l, errno, key, "write", err);
        unlinkat(to.folder_fd, to.name, 0);
    }
    close(to.folder_fd);
    crash_point("store.named");
    return result;
}

/* Another process may prune the folder between our finding it and our using it. */
static status publish(local *l, const temp *t, const char *key, store_put_options options,
                      error *err) {
    status result = E_NOT_FOUND;
    for (int i = 0; i < PUBLISH_TRIES && result == E_NOT_FOUND; i++)
        result = publish_once(l, t, key, options, err);
    if (result != OK && result != E_EXISTS) {
        const char *slash = strrchr(key, '/');
        ARENA_AUTO a = arena_new();
        local_prune(l, slash == NULL ? "" : arena_strndup(a, key, (size_t)(slash - key)));
    }
    return result;
}

static status finish_and_publish(local *l, temp *t, const char *key, store_put_options options,
                                 error *err) {
    TRY(finish_temp(l, t, key, options, err));
    return publish(l, t, key, options, err);
}

status local_put(void *state, const char *key, const void *body, size_t size,
                 store_put_options options, error *err) {
    local *l = state;
    ARENA_AUTO a = arena_new();
    temp t;
    TRY(open_temp(l, a, key, &t, err));
    status result = OK;
    if (!file_write_fd(t.fd, body, size))
        result = local_error(l, errno, key, "write", err);
    else
        result = finish_and_publish(l, &t, key, options, err);
    drop_temp(&t);
    return result;
}

typedef struct copy {
    local *store;
    const char *key;
    int from;
    int to;
    hasher *hash;
    int64_t size;
    bool by_hand; /* the system cannot copy from this file to that one */
} copy;

/* Let the disk work while we hash, so that the fsync at the end has little left to wait for. */
static void begin_writeback(const copy *c, int64_t done) {
    if (c->size / WRITEBACK_SIZE > done / WRITEBACK_SIZE)
        sync_file_range(c->to, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* Hash what the copy holds: it is what stays. */
static status hash_copied(const copy *c, size_t size, char *buffer, error *err) {
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(c->to, buffer, size - done, c->size + (int64_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return local_error(c->store, got < 0 ? errno : EIO, c->key, "read back", err);
        hasher_bytes(c->hash, buffer, (size_t)got);
        done += (size_t)got;
    }
    return OK;
}

/* The system copies from cache to cache, which takes a fraction of the time of reading and
 * writing. *ret_size 0: it cannot, or there is nothing more. */
static status copy_by_system(const copy *c, char *buffer, size_t *ret_size, error *err) {
    ssize_t got = copy_file_range(c->from, NULL, c->to, NULL, COPY_SIZE, 0);
    bool is_full = got < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
    if (is_full || (got < 0 && errno != EINTR && c->size > 0))
        return local_error(c->store, errno, c->key, "write", err);
    *ret_size = got > 0 ? (size_t)got : 0;
    return hash_copied(c, *ret_size, buffer, err);
}

static status copy_by_hand(const copy *c, char *buffer, size_t *ret_size, error *err) {
    ssize_t got;
    do
        got = read(c->from, buffer, COPY_SIZE);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return local_error(c->store, errno, c->key, "read what is to become", err);
    hasher_bytes(c->hash, buffer, (size_t)got);
    if (!file_write_fd(c->to, buffer, (size_t)got))
        return local_error(c->store, errno, c->key, "write", err);
    *ret_size = (size_t)got;
    return OK;
}

static status copy_all(copy *c, char *buffer, error *err) {
    size_t size = 1;
    posix_fadvise(c->from, 0, 0, POSIX_FADV_SEQUENTIAL);
    while (size > 0) {
        if (!c->by_hand)
            TRY(copy_by_system(c, buffer, &size, err));
        c->by_hand = c->by_hand || size == 0;
        if (c->by_hand)
            TRY(copy_by_hand(c, buffer, &size, err));
        c->size += (int64_t)size;
        begin_writeback(c, c->size - (int64_t)size);
    }
    return OK;
}

status local_put_file(void *state, const char *key, int fd, store_put_options options,
                      char ret_sha256[65], int64_t *ret_size, error *err) {
    local *l = state;
    ARENA_AUTO a = arena_new();
    temp t;
    TRY(open_temp(l, a, key, &t, err));
    copy c = {.store = l, .key = key, .from = fd, .to = t.fd, .hash = hasher_new()};
    status result = copy_all(&c, arena_alloc(a, COPY_SIZE), err);
    if (result == OK)
        result = finish_and_publish(l, &t, key, options, err);
    if (result == OK) {
        hasher_finish(c.hash, ret_sha256);
        *ret_size = c.size;
    }
    hasher_free(c.hash);
    drop_temp(&t);
    return result;
}
