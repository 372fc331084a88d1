#include "store/store.h"

#include "base/path.h"
#include "base/str.h"
#include "store/driver.h"

struct store {
    const store_driver *driver;
    void *state;
    char root[]; /* as opened */
};

static const char MEMORY_ROOT[] = "memory:";

/* Listed only on demand: first all of Weir's own, then what is still being written. */
static const char *const HIDDEN_PREFIXES[] = {".weir/", ".weir/tmp/"};

store *store_over(const store_driver *driver, void *state, const char *root) {
    size_t size = strlen(root) + 1;
    store *s = malloc(sizeof *s + size);
    ASSERT(s != NULL);
    *s = (store){.driver = driver, .state = state};
    memcpy(s->root, root, size);
    return s;
}

static status find_driver(const char *root, const store_driver **ret, error *err) {
    const char *scheme_end = strstr(root, "://");
    if (root[0] == '\0')
        return error_set(err, E_DEFINITION, "the store has no location");
    if (str_starts(root, "s3://")) {
        *ret = &STORE_S3;
        return OK;
    }
    if (scheme_end != NULL) {
        status kind = error_set(err, E_DEFINITION, "no store is known for \"%s\"", root);
        error_hint(err, "Use a folder, or s3://bucket/prefix.");
        return kind;
    }
    *ret = str_eq(root, MEMORY_ROOT) ? &STORE_MEMORY : &STORE_LOCAL;
    return OK;
}

status store_open(const char *root, store **ret, error *err) {
    const store_driver *driver = NULL;
    TRY(find_driver(root, &driver, err));
    void *state = NULL;
    status result = driver->open(root, &state, err);
    if (result != OK) {
        driver->close(state);
        return result;
    }
    *ret = store_over(driver, state, root);
    return OK;
}

void store_close(store *s) {
    if (s == NULL)
        return;
    s->driver->close(s->state);
    free(s);
}

bool store_has(const store *s, store_feature feature) {
    return (s->driver->features & feature) == (unsigned)feature;
}

const char *store_root(const store *s) {
    return s->root;
}

static status check_key(const char *key, error *err) {
    if (strlen(key) > STORE_KEY_SIZE_MAX)
        return error_set(err, E_USAGE, "the key \"%.64s…\" has more than %d bytes", key,
                         STORE_KEY_SIZE_MAX);
    if (!path_is_safe(key))
        return error_set(err, E_USAGE, "the key \"%s\" does not stay below the store", key);
    return OK;
}

/* A prefix is the beginning of a key: it may end with a slash and, to mean all, be empty. */
static status check_prefix(const char *prefix, error *err) {
    size_t size = strlen(prefix);
    if (size == 0)
        return OK;
    if (size > STORE_KEY_SIZE_MAX)
        return check_key(prefix, err);
    char key[STORE_KEY_SIZE_MAX + 1];
    memcpy(key, prefix, size + 1);
    if (key[size - 1] == '/')
        key[size - 1] = '\0';
    return check_key(key, err);
}

static status check_folder_prefix(const char *prefix, error *err) {
    TRY(check_prefix(prefix, err));
    if (!str_ends(prefix, "/"))
        return error_set(err, E_USAGE, "the prefix \"%s\" does not end in '/'", prefix);
    return OK;
}

char *store_url(const store *s, arena *a, const char *key) {
    ASSERT(check_prefix(key, NULL) == OK);
    return s->driver->url(s->state, a, key);
}

status store_put(store *s, const char *key, const void *body, size_t size,
                 store_put_options options, error *err) {
    ASSERT(!options.if_absent || store_has(s, STORE_PUT_IF_ABSENT));
    TRY(check_key(key, err));
    return s->driver->put(s->state, key, body, size, options, err);
}

status store_put_file(store *s, const char *key, int fd, store_put_options options,
                      char ret_sha256[65], int64_t *ret_size, error *err) {
    ASSERT(!options.if_absent || store_has(s, STORE_PUT_IF_ABSENT));
    TRY(check_key(key, err));
    return s->driver->put_file(s->state, key, fd, options, ret_sha256, ret_size, err);
}

status store_get(store *s, const char *key, size_t max_size, arena *a, char **ret_body,
                 size_t *ret_size, error *err) {
    TRY(check_key(key, err));
    return s->driver->get(s->state, key, max_size, a, ret_body, ret_size, err);
}

static status end_of_all(store *s, const char *key, size_t size, size_t max_size, arena *a,
                         char **ret_body, size_t *ret_size, error *err) {
    char *body = NULL;
    size_t whole = 0;
    TRY(s->driver->get(s->state, key, max_size, a, &body, &whole, err));
    *ret_size = whole < size ? whole : size;
    *ret_body = body + (whole - *ret_size);
    return OK;
}

status store_get_end(store *s, const char *key, size_t size, size_t max_size, arena *a,
                     char **ret_body, size_t *ret_size, error *err) {
    TRY(check_key(key, err));
    if (s->driver->get_end == NULL)
        return end_of_all(s, key, size, max_size, a, ret_body, ret_size, err);
    return s->driver->get_end(s->state, key, size, a, ret_body, ret_size, err);
}

status store_get_file(store *s, const char *key, int fd, char ret_sha256[65], int64_t *ret_size,
                      error *err) {
    TRY(check_key(key, err));
    return s->driver->get_file(s->state, key, fd, ret_sha256, ret_size, err);
}

status store_info(store *s, const char *key, arena *a, store_object *ret, error *err) {
    TRY(check_key(key, err));
    return s->driver->info(s->state, key, a, ret, err);
}

static bool is_listed(const char *key, const char *prefix) {
    if (!str_starts(key, prefix))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(HIDDEN_PREFIXES); i++)
        if (str_starts(key, HIDDEN_PREFIXES[i]) && !str_starts(prefix, HIDDEN_PREFIXES[i]))
            return false;
    return true;
}

static int compare_keys(const void *a, const void *b) {
    return strcmp(((const store_object *)a)->key, ((const store_object *)b)->key);
}

static void tidy_list(store_objects *found, const char *prefix) {
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++)
        if (is_listed(found->items[i].key, prefix))
            found->items[kept++] = found->items[i];
    found->count = kept;
    if (kept > 1)
        qsort(found->items, kept, sizeof *found->items, compare_keys);
}

status store_list(store *s, const char *prefix, arena *a, store_objects *ret, error *err) {
    TRY(check_prefix(prefix, err));
    store_objects found = {0};
    TRY(s->driver->list(s->state, prefix, a, &found, err));
    tidy_list(&found, prefix);
    *ret = found;
    return OK;
}

status store_next(store *s, const char *prefix, const char *after, arena *a, char **ret,
                  error *err) {
    ASSERT(store_has(s, STORE_ORDERED) && str_starts(after, prefix));
    TRY(check_prefix(prefix, err));
    TRY(check_key(after, err));
    return s->driver->next(s->state, prefix, after, a, ret, err);
}

status store_list_strange(store *s, const char *prefix, arena *a, store_objects *ret, error *err) {
    TRY(check_prefix(prefix, err));
    store_objects found = {0};
    if (s->driver->list_strange != NULL)
        TRY(s->driver->list_strange(s->state, prefix, a, &found, err));
    tidy_list(&found, prefix);
    *ret = found;
    return OK;
}

status store_remove(store *s, const char *key, error *err) {
    TRY(check_key(key, err));
    return s->driver->remove(s->state, key, err);
}

status store_remove_same(store *s, const char *key, const char *tag, error *err) {
    ASSERT(store_has(s, STORE_TAGS));
    TRY(check_key(key, err));
    return s->driver->remove_same(s->state, key, tag, err);
}

static status remove_one_by_one(store *s, const char *prefix, error *err) {
    ARENA_AUTO a = arena_new();
    store_objects found = {0};
    TRY(store_list(s, prefix, a, &found, err));
    for (size_t i = 0; i < found.count; i++)
        TRY(s->driver->remove(s->state, found.items[i].key, err));
    return OK;
}

status store_remove_prefix(store *s, const char *prefix, error *err) {
    TRY(check_folder_prefix(prefix, err));
    if (s->driver->remove_prefix == NULL)
        return remove_one_by_one(s, prefix, err);
    return s->driver->remove_prefix(s->state, prefix, err);
}

status store_seal(store *s, const char *key, error *err) {
    TRY(check_key(key, err));
    return s->driver->seal(s->state, key, err);
}

status store_link(store *s, const char *from, const char *to, error *err) {
    ASSERT(store_has(s, STORE_LINK));
    TRY(check_key(from, err));
    TRY(check_key(to, err));
    return s->driver->link(s->state, from, to, err);
}

bool store_can_copy(const store *from, const store *to) {
    return from->driver == to->driver && store_has(from, STORE_COPY);
}

status store_copy(store *from, const char *from_key, store *to, const char *to_key,
                  store_copy_options options, error *err) {
    ASSERT(store_can_copy(from, to));
    TRY(check_key(from_key, err));
    TRY(check_key(to_key, err));
    return from->driver->copy(from->state, from_key, to->state, to_key, options, err);
}

status store_get_access(store *s, arena *a, store_access *ret, error *err) {
    *ret = (store_access){0};
    return s->driver->access == NULL ? OK : s->driver->access(s->state, a, ret, err);
}

int64_t store_requests(const store *s) {
    return s->driver->requests == NULL ? 0 : s->driver->requests(s->state);
}

status store_exchange(store *s, const char *a, const char *b, error *err) {
    ASSERT(store_has(s, STORE_EXCHANGE));
    TRY(check_folder_prefix(a, err));
    TRY(check_folder_prefix(b, err));
    if (str_starts(a, b) || str_starts(b, a))
        return error_set(err, E_USAGE, "\"%s\" and \"%s\" are one inside the other", a, b);
    return s->driver->exchange(s->state, a, b, err);
}

status store_sync(store *s, const char *prefix, error *err) {
    if (prefix[0] != '\0')
        TRY(check_folder_prefix(prefix, err));
    return s->driver->sync == NULL ? OK : s->driver->sync(s->state, prefix, err);
}

status store_sync_names(store *s, const char *prefix, error *err) {
    if (prefix[0] != '\0')
        TRY(check_folder_prefix(prefix, err));
    return s->driver->sync_names == NULL ? OK : s->driver->sync_names(s->state, prefix, err);
}

status store_sweep(store *s, error *err) {
    return s->driver->sweep == NULL ? OK : s->driver->sweep(s->state, err);
}

status store_prepare(store *s, const char *prefix, error *err) {
    TRY(check_folder_prefix(prefix, err));
    return s->driver->prepare == NULL ? OK : s->driver->prepare(s->state, prefix, err);
}
