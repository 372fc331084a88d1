#include "build/kept.h"

#include "base/crash.h"
#include "base/hash.h"
#include "base/path.h"
#include "ledger/staged.h"

/* The feeds in an answer are under the maps of its time, its files of the policy then. */
static const char *basis_of(const build_state *s, const lake_table *t) {
    char *text = ARENA_ARRAY(s->arena, char, SHA256_TEXT_SIZE);
    lake_readers readers = lake_readers_of(s->c->lake, t, s->arena);
    hasher *h = hasher_new();
    for (size_t i = 0; i < t->code_parts.count; i++)
        if (str_eq(t->code_parts.items[i].name, LAKE_FILES_PART))
            hasher_text(h, t->code_parts.items[i].hash);
    for (size_t i = 0; i < readers.count; i++) {
        hasher_text(h, readers.items[i].table->name);
        hasher_text(h, readers.items[i].input->map_fingerprint);
    }
    hasher_finish(h, text);
    hasher_free(h);
    return text;
}

typedef status kept_change(const build_context *c, const void *what, error *err);

/* In a transaction: the end of it. */
static status end_with(const build_context *c, status result, error *err) {
    if (result == OK)
        return ledger_commit(c->ledger, err);
    ledger_rollback(c->ledger);
    return result;
}

static status check_lease(const build_context *c, error *err) {
    return ledger_lease_check(c->ledger, LEDGER_LEASE_RUN, c->run, c->fence, err);
}

static status in_transaction(const build_context *c, kept_change *change, const void *what,
                             error *err) {
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    status result = check_lease(c, err);
    if (result == OK)
        result = change(c, what, err);
    return end_with(c, result, err);
}

/* adding */

static status put_all(const build_context *c, const ledger_stageds *all, error *err) {
    for (size_t i = 0; i < all->count; i++)
        TRY(ledger_staged_put(c->ledger, &all->items[i], clock_now_us(c->clock), err));
    return OK;
}

static ledger_stageds notes_of(const build_state *s, const build_job *job, const json_t *result) {
    ledger_stageds all = {0};
    const lake_table *t = job->table->table;
    const json_t *partitions = json_object_get(result, "partitions");
    const char *basis = basis_of(s, t), *folder = job_folder(s, job, s->arena);
    for (size_t i = 0; i < job->count; i++) {
        ledger_staged one = {.table = state_ledger_table(s, t)->id,
                             .partition = job->partitions[i]->text,
                             .memo_key = job->partitions[i]->memo_key,
                             .basis = basis,
                             .folder = folder,
                             .answer = json_text(s->arena, json_array_get(partitions, i))};
        vec_push(s->arena, &all, one);
    }
    return all;
}

status kept_put(const build_state *s, const build_job *job, const json_t *result, error *err) {
    const ledger_stageds all = notes_of(s, job, result);
    return put_all(s->c, &all, err);
}

/* why: what was in the way of the note alone. */
static status add_checked(const build_context *c, const ledger_stageds *all, error *why,
                          error *err) {
    status held = check_lease(c, err);
    status put = held == OK ? put_all(c, all, why) : held;
    status ignored = end_with(c, put, why);
    (void)ignored;
    return held;
}

status kept_add(const build_state *s, const build_job *job, const json_t *result, error *err) {
    error why = {0};
    const ledger_stageds all = notes_of(s, job, result);
    if (ledger_begin(s->c->ledger, LEDGER_WRITE_LIGHT, &why) == OK)
        TRY(add_checked(s->c, &all, &why, err));
    if (why.kind != OK)
        log_write(s->c->log, LOG_DEBUG, "ignoring: %s", why.message);
    crash_point("build.kept");
    return OK;
}

/* finding */

static status take(const build_state *s, staged_table *table, const ledger_staged *kept, staged *st,
                   error *err) {
    JSON_AUTO answer = NULL;
    TRY(json_parse(kept->answer, strlen(kept->answer), "a staged result", &answer, err));
    return job_take_found(s, table, kept->folder, answer, st, err);
}

/* Nothing of what was taken before the failure is left. */
static void forget(staged *st) {
    st->outcome = OUTCOME_PENDING;
    st->changed = false;
    st->content = NULL;
    st->rows = st->bytes = st->dropped = 0;
    st->files = NULL;
    st->file_count = 0;
    st->feeds = (unit_feeds){0};
}

status kept_find(const build_state *s, staged_table *table, staged *st, error *err) {
    ledger_staged kept = {0};
    error why = {0};
    int64_t id = state_ledger_table(s, table->table)->id;
    status found =
        ledger_staged_find(s->c->ledger, id, st->text, st->memo_key, s->arena, &kept, &why);
    if (found != OK && found != E_NOT_FOUND && err)
        *err = why;
    if (found != OK)
        return found == E_NOT_FOUND ? OK : found;
    if (!str_eq(kept.basis, basis_of(s, table->table)))
        return OK;
    if (take(s, table, &kept, st, &why) == OK) {
        st->outcome = OUTCOME_REUSED;
        return OK;
    }
    log_write(s->c->log, LOG_DEBUG, "\"%s\" of \"%s\" is built again: %s", st->text,
              table->table->name, why.message);
    forget(st);
    return OK;
}

/* their files */

static void add_objects(const ledger_staged *kept, arena *a, strmap *all) {
    size_t i;
    const json_t *file;
    JSON_AUTO answer = NULL;
    if (json_parse(kept->answer, strlen(kept->answer), "a staged result", &answer, NULL) != OK)
        return;
    json_array_foreach(json_object_get(answer, "files"), i, file)
        strmap_set(all, path_join(a, kept->folder, json_get_string(file, "name", "")), all);
}

status kept_objects(const build_context *c, arena *a, strmap **ret, error *err) {
    ledger_stageds kept = {0};
    strmap *all = strmap_new(a);
    TRY(ledger_staged_list(c->ledger, a, &kept, err));
    for (size_t i = 0; i < kept.count; i++)
        add_objects(&kept.items[i], a, all);
    *ret = all;
    return OK;
}

/* dropping */

static bool is_of(const build_context *c, const bool *selected, int64_t table) {
    for (size_t i = 0; selected && i < c->lake->table_count; i++)
        if (c->tables[i].id == table)
            return selected[i];
    return selected == NULL;
}

static status drop_all(const build_context *c, const void *what, error *err) {
    const ledger_stageds *all = what;
    for (size_t i = 0; i < all->count; i++)
        TRY(ledger_staged_drop(c->ledger, all->items[i].table, NULL, err));
    return OK;
}

status kept_drop_rest(const build_context *c, const bool *selected, bool *ret_any, error *err) {
    ARENA_AUTO a = arena_new();
    ledger_stageds kept = {0}, rest = {0};
    *ret_any = false;
    if (c->scope) /* what it left is a later run's */
        return OK;
    TRY(ledger_staged_list(c->ledger, a, &kept, err));
    for (size_t i = 0; i < kept.count; i++)
        if (is_of(c, selected, kept.items[i].table))
            vec_push(a, &rest, kept.items[i]);
    *ret_any = rest.count > 0;
    return rest.count > 0 ? in_transaction(c, drop_all, &rest, err) : OK;
}

static status drop_older(const build_context *c, const void *what, error *err) {
    return ledger_staged_drop_older(c->ledger, *(const int64_t *)what, err);
}

status build_drop_kept(const build_context *c, int64_t before_us, error *err) {
    return in_transaction(c, drop_older, &before_us, err);
}
