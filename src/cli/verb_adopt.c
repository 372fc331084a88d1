#include "cli/verb.h"

#include "base/path.h"
#include "cli/document.h"
#include "cli/work.h"
#include "land/adopt.h"
#include "land/name.h"

#include <limits.h>
#include <sys/stat.h>

enum { US_PER_S = 1000000 };

static const output_column COLUMNS[] = {
    {"object", "object", OUTPUT_TEXT},       {"file", "as delivered", OUTPUT_TEXT},
    {"land_time", "landed", OUTPUT_TIME},    {"state", "state", OUTPUT_TEXT},
    {"reason", "left because", OUTPUT_TEXT},
};

/* One history to be adopted. */
typedef struct history {
    session *s;
    const lake_table *table;
    const char *key;     /* what PATH names: an object, or a folder with '/' at its end */
    store_objects found; /* not known yet */
    int64_t known;
    VEC(land_adopted) told;
} history;

static store *store_of(const history *h) {
    return h->s->layers[h->table->layer];
}

static status refuse_place(const history *h, const char *path, error *err) {
    arena *a = h->s->arena;
    const char *folder = lake_table_dir(h->s->lake, h->table, a);
    error_set(err, E_USAGE, "\"%s\" is not in the raw history of \"%s\"", path, h->table->name);
    error_hint(err,
               "Move or hard-link the files to \"%s/" LAND_TIME_FOLDER
               "SECONDS/\", or copy them to "
               "\"%s\" for `weir land`.",
               folder, path_join(a, h->s->lake->land, h->table->source->land));
    return E_USAGE;
}

static status refuse_bucket(const history *h, error *err) {
    error_set(err, E_USAGE, "the raw history of \"%s\" is in a bucket, where nothing is adopted",
              h->table->name);
    error_hint(err, "Copy the files to \"%s\" for `weir land`.",
               path_join(h->s->arena, h->s->lake->land, h->table->source->land));
    return E_USAGE;
}

static status find_place(history *h, error *err) {
    if (!store_has(store_of(h), STORE_LOCAL_PATH))
        return refuse_bucket(h, err);
    const char *path = h->s->command->options->arguments.items[1];
    char real[PATH_MAX], root[PATH_MAX];
    const char *folder = arena_printf(h->s->arena, "%s/", h->table->short_name);
    struct stat found;
    if (realpath(path, real) == NULL || stat(real, &found) != 0) {
        error_set(err, E_USAGE, "there is no \"%s\"", path);
        error_hint(err, "Name a file or a folder below \"%s\".",
                   lake_table_dir(h->s->lake, h->table, h->s->arena));
        return E_USAGE;
    }
    if (realpath(store_root(store_of(h)), root) == NULL)
        return refuse_place(h, path, err);
    const char *head = arena_printf(h->s->arena, "%s/", root);
    const char *key = arena_printf(h->s->arena, "%s%s", real, S_ISDIR(found.st_mode) ? "/" : "");
    if (!str_starts(key, head) || !str_starts(key + strlen(head), folder))
        return refuse_place(h, path, err);
    h->key = key + strlen(head);
    return OK;
}

static status known_objects(const history *h, strmap **ret, error *err) {
    deliveries all = {0};
    int64_t id = h->s->tables[h->table->index].id;
    strmap *known = strmap_new(h->s->arena);
    TRY(ledger_deliveries_all(h->s->ledger, id, h->s->arena, &all, err));
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].state != DELIVERY_REJECTED)
            strmap_set(known, all.items[i].object, known);
    *ret = known;
    return OK;
}

static status find_unknown(history *h, error *err) {
    strmap *known = NULL;
    store_objects all = {0};
    TRY(known_objects(h, &known, err));
    TRY(store_list(store_of(h), h->key, h->s->arena, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        const store_object *o = &all.items[i];
        if (!str_ends(h->key, "/") && !str_eq(o->key, h->key))
            continue;
        if (strmap_has(known, o->key))
            h->known++;
        else
            vec_push(h->s->arena, &h->found, *o);
    }
    return OK;
}

static status need_source(history *h, error *err) {
    TRY(lake_table_need(h->s->lake, h->s->command->options->arguments.items[0], &h->table, err));
    if (h->table->source != NULL)
        return OK;
    error_set(err, E_USAGE, "\"%s\" is built, not delivered", h->table->name);
    error_hint(err, "A history is that of a source table, which has no .sql file.");
    return E_USAGE;
}

/* What the names tell, without a look into the files. */
static void foresee(history *h) {
    for (size_t i = 0; i < h->found.count; i++) {
        const store_object *o = &h->found.items[i];
        land_adopted told = {.object = o->key, .land_time = o->modified_us / US_PER_S};
        if (!name_read_foreign(h->s->arena, h->table->short_name, o->key, &told.file,
                               &told.land_time))
            told.reason = "hidden, or still being written";
        else
            told.file = path_join(h->s->arena, h->table->source->land, told.file);
        vec_push(h->s->arena, &h->told, told);
    }
}

static json_t *told_row(const land_adopted *a, bool dry) {
    bool adopted = a->reason == NULL && !dry;
    json_t *row = json_object();
    json_object_set_new(row, "object", output_string(a->object));
    json_object_set_new(row, "file", output_string(a->file));
    json_object_set_new(row, "land_time", output_time(a->land_time * US_PER_S));
    json_object_set_new(row, "delivery", adopted ? json_integer(a->id) : json_null());
    json_object_set_new(row, "state",
                        output_string(adopted ? delivery_state_name(a->state) : NULL));
    json_object_set_new(row, "reason", output_string(a->reason));
    return row;
}

static json_t *told_rows(const history *h, bool left, bool dry) {
    json_t *rows = json_array();
    for (size_t i = 0; i < h->told.count; i++)
        if ((h->told.items[i].reason != NULL) == left)
            json_array_append_new(rows, told_row(&h->told.items[i], dry));
    return rows;
}

static json_t *make_document(const history *h, const char *run) {
    json_t *document = document_new();
    bool dry = run == NULL;
    json_object_set_new(document, "run", output_string(run));
    json_object_set_new(document, "table", output_string(h->table ? h->table->name : NULL));
    json_object_set_new(document, "known", json_integer(h->known));
    json_object_set_new(document, dry ? "would_adopt" : "adopted", told_rows(h, false, dry));
    json_object_set_new(document, "left", told_rows(h, true, dry));
    return document;
}

static void show(const history *h, const json_t *document, bool dry) {
    output *o = h->s->command->out;
    JSON_AUTO rows = json_array();
    const json_t *adopted = json_object_get(document, dry ? "would_adopt" : "adopted");
    const json_t *left = json_object_get(document, "left");
    json_array_extend(rows, (json_t *)(uintptr_t)adopted);
    json_array_extend(rows, (json_t *)(uintptr_t)left);
    output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    output_say(o, "%zu %s, %lld known already, %zu left", json_array_size(adopted),
               dry ? "would be adopted if their content fits" : "adopted", (long long)h->known,
               json_array_size(left));
    if (json_array_size(left) > 0)
        h->s->command->exit_code = 1;
}

static status adopt_dry(session *s, error *err) {
    history h = {.s = s};
    TRY(need_source(&h, err));
    TRY(find_place(&h, err));
    TRY(find_unknown(&h, err));
    foresee(&h);
    JSON_AUTO document = make_document(&h, NULL);
    show(&h, document, true);
    return OK;
}

/* One that counted when it was taken may have been superseded by another of them. */
static status read_states(history *h, error *err) {
    for (size_t i = 0; i < h->told.count; i++) {
        delivery now = {0};
        if (h->told.items[i].reason != NULL)
            continue;
        TRY(ledger_delivery_get(h->s->ledger, h->told.items[i].id, h->s->arena, &now, err));
        h->told.items[i].state = now.state;
    }
    return OK;
}

static status adopt_all(history *h, const char *run, error *err) {
    const session *s = h->s;
    land_context land = session_land_context(h->s, run);
    TRY(find_unknown(h, err));
    for (size_t i = 0; i < h->found.count; i++) {
        land_adopted told = {0};
        if (*s->command->interrupted != 0)
            return error_set(err, E_INTERRUPTED, "interrupted");
        progress_show(s->command->progress,
                      (progress_state){"adopting", h->found.items[i].key, i, h->found.count});
        TRY(land_adopt_foreign(&land, h->table, &h->found.items[i], s->arena, &told, err));
        vec_push(s->arena, &h->told, told);
    }
    progress_clear(s->command->progress);
    return read_states(h, err);
}

static status adopt_for_real(session *s, error *err) {
    work w;
    history h = {.s = s};
    TRY(need_source(&h, err));
    TRY(find_place(&h, err));
    TRY(work_begin(s, &w, err));
    status result = adopt_all(&h, w.run, err);
    JSON_AUTO document = make_document(&h, w.run);
    TRY(work_end(&w, result, document, err));
    show(&h, document, false);
    return OK;
}

status verb_adopt(command *c, error *err) {
    bool dry = option_given(c->options, OPTION_DRY_RUN);
    session s = {0};
    status result = session_open(c, dry ? SESSION_READ : SESSION_CHANGE, &s, err);
    if (result == OK)
        result = dry ? adopt_dry(&s, err) : adopt_for_real(&s, err);
    session_close(&s);
    return result;
}
