#include "store/local/local.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void local_close(void *state) {
    local *l = state;
    if (l == NULL)
        return;
    if (l->root_fd >= 0)
        close(l->root_fd);
    free(l->root);
    free(l);
}

/* A new root is durable before anything is put into it. */
static status make_root(const char *root, error *err) {
    if (file_exists(root))
        return OK;
    ARENA_AUTO a = arena_new();
    TRY(dir_make(root, err));
    return dir_sync(path_parent(a, root), err);
}

static status local_open(const char *root, void **ret_state, error *err) {
    TRY(make_root(root, err));
    local *l = calloc(1, sizeof *l);
    ASSERT(l != NULL);
    *ret_state = l;
    l->root = realpath(root, NULL);
    l->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (l->root == NULL || l->root_fd < 0)
        return error_set_errno(err, errno, "cannot open the store \"%s\"", root);
    return OK;
}

static char *local_url(void *state, arena *a, const char *key) {
    const local *l = state;
    return path_join(a, l->root, key);
}

const store_driver STORE_LOCAL = {
    .name = "local",
    .features = STORE_PUT_IF_ABSENT | STORE_LINK | STORE_EXCHANGE | STORE_LOCAL_PATH,
    .open = local_open,
    .close = local_close,
    .url = local_url,
    .put = local_put,
    .put_file = local_put_file,
    .get = local_get,
    .get_end = local_get_end,
    .get_file = local_get_file,
    .info = local_info,
    .list = local_list,
    .list_strange = local_list_strange,
    .remove = local_remove,
    .remove_prefix = local_remove_prefix,
    .seal = local_seal,
    .prepare = local_prepare,
    .sync = local_sync,
    .sync_names = local_sync_names,
    .sweep = local_sweep,
    .link = local_link,
    .exchange = local_exchange,
};
