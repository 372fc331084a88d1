#include "lake/cache.h"

#include "base/hash.h"
#include "base/path.h"

enum { CACHE_SIZE_MAX = 64 * 1024 * 1024 };

struct cache {
    arena *arena;
    const char *header; /* the file: this, the sha256 of the rest, a newline, and a JSON object */
    const char *folder; /* NULL: remember nothing */
    const char *path;
    json_t *old; /* as read */
    json_t *used;
    bool is_changed;
};

static json_t *read_answers(const cache *c) {
    char *text;
    size_t size;
    const size_t header_size = strlen(c->header), head = header_size + SHA256_TEXT_SIZE;
    if (file_read(c->path, CACHE_SIZE_MAX, c->arena, &text, &size, NULL) != OK || size < head
        || !str_starts(text, c->header))
        return NULL;
    char sum[SHA256_TEXT_SIZE];
    sha256_text(text + head, size - head, sum);
    if (strncmp(text + header_size, sum, strlen(sum)) != 0 || text[head - 1] != '\n')
        return NULL;
    json_t *answers = NULL;
    if (json_parse(text + head, size - head, "cache", &answers, NULL) != OK)
        return NULL;
    if (!json_is_object(answers)) {
        json_decref(answers);
        return NULL;
    }
    return answers;
}

cache *cache_open(const char *dir, const char *version) {
    arena *a = arena_new();
    cache *c = ARENA_NEW(a, cache);
    c->arena = a;
    c->header = arena_printf(a, "weir definition cache %s ", version);
    c->used = json_object();
    if (dir != NULL) {
        c->folder = path_join(a, dir, ".weir/cache");
        c->path = path_join(a, c->folder, "definition");
        c->old = read_answers(c);
    }
    return c;
}

const json_t *cache_get(cache *c, const char *question) {
    json_t *answer = json_object_get(c->used, question);
    if (answer != NULL)
        return answer;
    answer = json_object_get(c->old, question);
    if (answer != NULL)
        json_object_set(c->used, question, answer);
    return answer;
}

void cache_put(cache *c, const char *question, json_t *answer) {
    json_object_set_new(c->used, question, answer);
    c->is_changed = true;
}

static void write_answers(const cache *c) {
    buf text = buf_new(c->arena);
    const char *body = json_text(c->arena, c->used);
    char sum[SHA256_TEXT_SIZE];
    sha256_text(body, strlen(body), sum);
    buf_printf(&text, "%s%s\n", c->header, sum);
    buf_add(&text, body);
    if (dir_make(c->folder, NULL) != OK
        || file_write_atomic(c->path, text.text, text.size, NULL) != OK)
        return; /* a lake that cannot be written is asked anew each time */
}

void cache_close(cache *c, bool save) {
    if (save && c->is_changed && c->folder != NULL)
        write_answers(c);
    json_decref(c->old);
    json_decref(c->used);
    arena_free(c->arena);
}
