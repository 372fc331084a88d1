#include "land/land.h"

#include "base/path.h"
#include "base/strmap.h"
#include "land/batch.h"
#include "land/check.h"
#include "land/fetch.h"
#include "land/prepare.h"
#include "land/recover.h"
#include "land/report.h"
#include "land/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What the scan finds, sorted into what is taken and what is only told. */
typedef struct collection {
    landing *landing;
    const bool *selected;
    candidates found;
} collection;

static bool is_selected(const bool *selected, const lake_table *table) {
    return selected == NULL || selected[table->index];
}

static const char *why_left(arena *a, const scan_entry *e) {
    error problem = {0};
    switch (e->kind) {
    case SCAN_LINK:
        return "a symbolic link is not followed: deliver the file itself";
    case SCAN_SPECIAL:
        return "not a regular file";
    case SCAN_FOLDER:
        return "a folder where a file should be: deliver its files by themselves";
    case SCAN_BAD_NAME:
        return "the name is not UTF-8 or too long: rename it";
    case SCAN_UNREADABLE:
        error_set_errno(&problem, e->problem, "cannot be read");
        return arena_strdup(a, problem.message);
    case SCAN_FILE:
        break;
    }
    return "belongs to no table: see the land: key of the tables, or remove it";
}

static void tell_left(collection *c, const scan_entry *e) {
    arena *a = c->landing->arena;
    land_result *r = c->landing->result;
    land_rejection left = {
        .file = str_printable(a, e->file),
        .table = e->table != NULL ? e->table->name : NULL,
        .reason = why_left(a, e),
        .left_in_land = true,
    };
    if (e->kind == SCAN_UNREADABLE)
        vec_push(a, &r->failed, left);
    else if (e->table != NULL || c->landing->context->lake->unknown_files != UNKNOWN_IGNORE)
        vec_push(a, &r->unknown, left);
}

/* Any write changes the inode's change time, and nobody can set it back. */
static bool is_settled(const landing *l, const scan_entry *e) {
    int64_t settle_us = e->table->source->settle_us;
    return settle_us == 0 || clock_now_us(l->context->clock) - e->changed_us >= settle_us;
}

static void tell_waiting(const landing *l, const scan_entry *e) {
    land_rejection left = {.file = arena_strdup(l->arena, e->file),
                           .table = e->table->name,
                           .reason = "not unchanged for long enough yet (settle)",
                           .left_in_land = true};
    vec_push(l->arena, &l->result->waiting, left);
}

static bool collect(void *state, const scan_entry *e) {
    collection *c = state;
    if (e->table != NULL && !is_selected(c->selected, e->table))
        return true;
    if (e->kind != SCAN_FILE || e->table == NULL) {
        tell_left(c, e);
        return true;
    }
    if (!is_settled(c->landing, e)) {
        tell_waiting(c->landing, e);
        return true;
    }
    candidate seen = {.file = arena_strdup(c->landing->arena, e->file),
                      .table = e->table,
                      .uploaded_us = e->changed_us,
                      .size = e->size};
    vec_push(c->landing->arena, &c->found, seen);
    return true;
}

static void return_to_land(const land_context *c, int root_fd, const claimed *left) {
    error problem = {0};
    if (claim_return(root_fd, left, &problem) != OK)
        log_write(c->log, LOG_WARN, "\"%s\" is kept at \"%s\": %s", left->file, left->claim,
                  problem.message);
}

/* Claims of a killed run that nobody recorded are taken up with the time they were uploaded at. In
 * land they would get a new one: those of tables that are not asked for stay claimed. */
static status take_up_claims(collection *c, error *err) {
    landing *l = c->landing;
    claimed_files open = {0};
    TRY(recover_claims(l->context, l->root_fd, l->arena, &open, err));
    for (size_t i = 0; i < open.count; i++) {
        const claimed *left = &open.items[i];
        struct stat found;
        candidate again = {.file = left->file,
                           .claim = left->claim,
                           .table = scan_table_of(l->context->lake, left->file),
                           .uploaded_us = left->uploaded_us};
        if (again.table == NULL)
            return_to_land(l->context, l->root_fd, left);
        if (again.table == NULL || !is_selected(c->selected, again.table))
            continue;
        TRY(folder_stat(l->root_fd, left->claim, &found, err));
        again.size = found.st_size;
        vec_push(l->arena, &c->found, again);
    }
    return OK;
}

static int by_path(const void *left, const void *right) {
    const candidate *a = left, *b = right;
    int order = strcmp(a->file, b->file);
    return order != 0 ? order
                      : (a->uploaded_us > b->uploaded_us) - (a->uploaded_us < b->uploaded_us);
}

static int by_upload(const void *left, const void *right) {
    const candidate *a = left, *b = right;
    if (a->uploaded_us != b->uploaded_us)
        return a->uploaded_us < b->uploaded_us ? -1 : 1;
    return strcmp(a->file, b->file);
}

/* With --now all have one time, and only the path makes the order the same each time. */
static void sort_candidates(const landing *l, candidates *found) {
    if (found->count > 0)
        qsort(found->items, found->count, sizeof *found->items,
              l->context->now_us != 0 ? by_path : by_upload);
}

/* Files of which one may count, and so their order matters. */
static status name_queue(const landing *l, candidate *c, error *err) {
    arena *a = l->arena;
    const identity_rules *rules;
    char *identity = NULL;
    TRY(prepare_rules(l, c->table, &rules, err));
    if (c->table->source->contents_full)
        identity = arena_strdup(a, "");
    else if (identity_of(rules, c->file, a, &identity, NULL) != OK)
        identity = arena_strdup(a, c->file);
    c->queue = arena_printf(a, "%zu %s", c->table->index, identity);
    return OK;
}

static status name_queues(const landing *l, candidates *found, error *err) {
    ARENA_AUTO a = arena_new();
    strmap *later = strmap_new(a);
    for (size_t i = found->count; i-- > 0;) {
        candidate *c = &found->items[i];
        TRY(name_queue(l, c, err));
        c->is_followed = strmap_has(later, c->queue);
        strmap_set(later, c->queue, c);
    }
    return OK;
}

static size_t measure_batch(const candidate *list, size_t count) {
    ARENA_AUTO a = arena_new();
    strmap *queues = strmap_new(a);
    int64_t bytes = 0;
    size_t taken = 0;
    for (; taken < count && taken < BATCH_FILES_MAX; taken++) {
        bytes += list[taken].size;
        if (strmap_has(queues, list[taken].queue) || (taken > 0 && bytes > BATCH_BYTES_MAX))
            break;
        strmap_set(queues, list[taken].queue, a);
    }
    return taken;
}

static status take_batches(landing *l, const candidates *found, error *err) {
    int64_t number = 0;
    for (size_t start = 0, count = 0; start < found->count; start += count) {
        if (l->context->interrupted != NULL && *l->context->interrupted != 0)
            return error_set(err, E_INTERRUPTED, "interrupted");
        count = measure_batch(found->items + start, found->count - start);
        TRY(batch_take(l, found->items + start, count, ++number, err));
    }
    return OK;
}

static status take_all(landing *l, const bool *selected, error *err) {
    collection c = {.landing = l, .selected = selected};
    TRY(take_up_claims(&c, err));
    TRY(scan_land(l->context->lake, collect, &c, err));
    sort_candidates(l, &c.found);
    TRY(name_queues(l, &c.found, err));
    l->known = c.found.count;
    return take_batches(l, &c.found, err);
}

static void close_landing(landing *l) {
    for (size_t i = 0; i < l->context->lake->table_count; i++)
        identity_free(l->rules[i]);
    if (l->root_fd >= 0)
        close(l->root_fd);
    store_close(l->bucket);
}

/* *ret_there: false when there is no land folder, which is as good as an empty one. */
static status open_root(const lake *l, int *ret_fd, bool *ret_there, error *err) {
    error problem = {0};
    status opened = folder_open_root(l->land, ret_fd, &problem);
    *ret_there = opened == OK;
    if (opened == OK || opened == E_NOT_FOUND)
        return OK;
    return error_pass(opened, &problem, err);
}

static landing new_landing(const land_context *c, arena *a, land_result *result) {
    return (landing){
        .context = c,
        .root_fd = -1,
        .rules = ARENA_ARRAY(a, identity_rules *, c->lake->table_count),
        .now_us = c->now_us != 0 ? c->now_us : clock_now_us(c->clock),
        .result = result,
        .arena = a,
        .stuck = strmap_new(a),
    };
}

status land_all(const land_context *c, const bool *selected, arena *a, land_result *ret,
                error *err) {
    char id[ID_TEXT_SIZE];
    bool there;
    *ret = (land_result){0};
    landing l = new_landing(c, a, ret);
    TRY(recover_pending(c, err));
    TRY(fetch_begin(c, ret, err));
    TRY(open_root(c->lake, &l.root_fd, &there, err));
    if (!there)
        return OK;
    clock_new_id(c->clock, id);
    l.id = id;
    status result = OK;
    if (c->lake->land_bucket != NULL)
        result = store_open(c->lake->land_bucket, &l.bucket, err);
    if (result == OK)
        result = take_all(&l, selected, err);
    close_landing(&l);
    return result == OK ? fetch_end(c, ret, err) : result;
}

typedef struct emptiness {
    const lake *lake;
    bool empty;
} emptiness;

static bool see_work(void *state, const scan_entry *e) {
    emptiness *is = state;
    is->empty = e->table == NULL && is->lake->unknown_files == UNKNOWN_IGNORE;
    return is->empty;
}

status land_is_empty(const lake *l, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    emptiness is = {l, true};
    claimed_files claims = {0};
    int root_fd;
    bool there;
    TRY(fetch_is_empty(l, ret, err));
    if (!*ret)
        return OK;
    TRY(open_root(l, &root_fd, &there, err));
    if (!there) {
        *ret = true;
        return OK;
    }
    status result = claim_list(root_fd, a, &claims, err);
    close(root_fd);
    if (result == OK && claims.count == 0)
        result = scan_land(l, see_work, &is, err);
    if (result == OK)
        *ret = is.empty && claims.count == 0;
    return result;
}
