#include "cli/query_inputs.h"

#include "base/number.h"

static const char LEDGER_LAYER[] = "weir";

typedef struct walk {
    arena *arena;
    query_names names;
    strings with; /* tables that WITH defines */
} walk;

static const char *lower_text(const walk *w, const json_t *node, const char *key) {
    return str_lower(w->arena, json_get_string(node, key, ""));
}

static void take_base_table(walk *w, const json_t *node) {
    const char *layer = lower_text(w, node, "schema_name");
    const char *name = lower_text(w, node, "table_name");
    if (layer[0] == '\0')
        vec_push(w->arena, &w->names.bare, name);
    else
        vec_push(w->arena, &w->names.tables, arena_printf(w->arena, "%s.%s", layer, name));
}

static void take_column(walk *w, const json_t *node) {
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(node, "column_names"), i, part) if (json_is_string(part))
        vec_push(w->arena, &w->names.mentioned, str_lower(w->arena, json_string_value(part)));
}

/* SHOW TABLES has no table but a word; DESCRIBE and SUMMARIZE carry their query below. */
static void take_show(walk *w, const json_t *node) {
    if (json_is_null(json_object_get(node, "query")))
        w->names.all = true;
}

/* {"map":[{"key":"name","value":…}]} */
static void take_with(walk *w, const json_t *node) {
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(node, "map"), i, entry)
        vec_push(w->arena, &w->with, lower_text(w, entry, "key"));
}

/* The engine bounds the depth of a tree that it has parsed. */
static void visit(walk *w, json_t *node) {
    const char *key;
    json_t *child;
    size_t i;
    if (json_is_object(node)) {
        const char *type = json_get_string(node, "type", "");
        if (str_eq(type, "BASE_TABLE"))
            take_base_table(w, node);
        if (str_eq(type, "SHOW_REF"))
            take_show(w, node);
        if (str_eq(type, "COLUMN_REF"))
            take_column(w, node);
        json_object_foreach(node, key, child) {
            if (str_eq(key, "cte_map"))
                take_with(w, child);
            visit(w, child);
        }
    }
    json_array_foreach(node, i, child) visit(w, child);
}

query_names query_names_of(json_t *tree, arena *a) {
    walk w = {.arena = a};
    visit(&w, tree);
    strings bare = {0};
    for (size_t i = 0; i < w.names.bare.count; i++)
        if (!strings_contain(&w.with, w.names.bare.items[i]))
            vec_push(a, &bare, w.names.bare.items[i]);
    strings_sort_unique(&bare);
    strings_sort_unique(&w.names.tables);
    strings_sort_unique(&w.names.mentioned);
    w.names.bare = bare;
    return w.names;
}

static bool is_engines_own(const char *name) {
    return str_starts(name, "information_schema.") || str_starts(name, "pg_catalog.");
}

static status refuse_bare(const session *s, const char *name, error *err) {
    error_set(err, E_USAGE, "there is no table \"%s\"", name);
    for (size_t i = 0; i < s->lake->table_count; i++)
        if (str_eq(s->lake->tables[i]->short_name, name)) {
            error_hint(err, "Name its layer too: %s", s->lake->tables[i]->name);
            return E_USAGE;
        }
    error_hint(err, "Tables are named layer.table; `weir ls` lists them.");
    return E_USAGE;
}

static status refuse_view(arena *a, const char *name, error *err) {
    strings views = {0};
    for (size_t i = 0; ledger_view_at(i) != NULL; i++)
        vec_push(a, &views, ledger_view_at(i)->name);
    const char *nearest = str_nearest(name, &views);
    error_set(err, E_USAGE, "the ledger has no view \"%s.%s\"", LEDGER_LAYER, name);
    if (nearest != NULL)
        error_hint(err, "Did you mean \"%s.%s\"?", LEDGER_LAYER, nearest);
    else
        error_hint(err, "There are %s.%s", LEDGER_LAYER, str_join(a, &views, ", weir."));
    return E_USAGE;
}

static bool is_view(const char *name) {
    for (size_t i = 0; ledger_view_at(i) != NULL; i++)
        if (str_eq(ledger_view_at(i)->name, name))
            return true;
    return false;
}

static status refuse_past_view(const char *table, error *err) {
    error_set(err, E_USAGE, "\"%s\" shows the ledger as it is, not as of an earlier moment", table);
    error_hint(err, "Ask for it without --as-of; `weir history` lists what a partition was.");
    return E_USAGE;
}

static status add_view(session *s, const char *table, json_t *inputs, error *err) {
    const char *view = strchr(table, '.') + 1;
    if (!is_view(view))
        return refuse_view(s->arena, view, err);
    json_t *shape = NULL, *rows = NULL;
    TRY(ledger_view(s->ledger, view, &shape, &rows, err));
    json_t *input = json_pack("{s:s, s:O, s:{s:o, s:o}}", "table", table, "columns", shape, "rows",
                              "columns", shape, "values", rows);
    json_array_append_new(inputs, input);
    return OK;
}

typedef struct adding {
    session *session;
    const query_moment *moment;
    const query_names *names;
    json_t *inputs;
} adding;

static status add_table(const adding *to, const lake_table *t, error *err) {
    session *s = to->session;
    build_context build = session_build_context(s, NULL);
    const build_query query = {
        .table = t, .mentioned = &to->names->mentioned, .as_of_seq = to->moment->as_of_seq};
    json_t *input = NULL;
    TRY(build_query_input(&build, &query, s->arena, &input, err));
    json_array_append_new(to->inputs, input);
    return OK;
}

static status add_named(const adding *to, const char *name, error *err) {
    if (is_engines_own(name))
        return OK;
    if (str_starts(name, "weir.") && to->moment->as_of_seq >= 0)
        return refuse_past_view(name, err);
    if (str_starts(name, "weir."))
        return add_view(to->session, name, to->inputs, err);
    const lake_table *t = NULL;
    TRY(lake_table_need(to->session->lake, name, &t, err));
    return add_table(to, t, err);
}

static status add_inputs(const adding *to, error *err) {
    const query_names *names = to->names;
    const lake *l = to->session->lake;
    if (names->bare.count > 0)
        return refuse_bare(to->session, names->bare.items[0], err);
    for (size_t i = 0; names->all && i < l->table_count; i++)
        TRY(add_table(to, l->tables[i], err));
    for (size_t i = 0; !names->all && i < names->tables.count; i++)
        TRY(add_named(to, names->tables.items[i], err));
    return OK;
}

/* Reading and pinning are one step, so that gc cannot come in between. */
static status read_pinned(const adding *to, query_moment *m, error *err) {
    ledger *l = to->session->ledger;
    int64_t seq = m->as_of_seq;
    TRY(ledger_begin(l, m->pins ? LEDGER_WRITE : LEDGER_READ, err));
    status result = add_inputs(to, err);
    if (result == OK && m->pins && seq < 0)
        result = ledger_seq(l, &seq, err);
    if (result == OK && m->pins)
        result = ledger_pin_take(l, seq, QUERY_PIN_US, &m->pin, err);
    if (result == OK && m->pins)
        return ledger_commit(l, err);
    ledger_rollback(l);
    return result;
}

status query_inputs(session *s, const char *sql, query_moment *m, json_t **ret, error *err) {
    sql_engine parser = engine_sql(s->engine);
    JSON_AUTO tree = NULL;
    TRY(parser.parse(parser.state, sql, &tree, err));
    query_names names = query_names_of(tree, s->arena);
    adding to = {.session = s, .moment = m, .names = &names, .inputs = json_array()};
    status result = read_pinned(&to, m, err);
    if (result != OK) {
        json_decref(to.inputs);
        return result;
    }
    *ret = to.inputs;
    return OK;
}

/* A number is a commit. */
static status find_commit(const session *s, int64_t seq, int64_t *ret, error *err) {
    int64_t newest;
    TRY(ledger_seq(s->ledger, &newest, err));
    if (seq < 0 || seq > newest) {
        error_set(err, E_USAGE, "there is no commit %lld", (long long)seq);
        error_hint(err, "The newest is %lld; `weir log` lists runs, which can be given too.",
                   (long long)newest);
        return E_USAGE;
    }
    *ret = seq;
    return OK;
}

status query_seq_of(const session *s, const char *text, int64_t *ret, error *err) {
    int64_t number = 0;
    if (number_int64(text, &number))
        return find_commit(s, number, ret, err);
    if (number_time(text, &number))
        return ledger_seq_at(s->ledger, number, ret, err);
    status found = ledger_seq_of_run(s->ledger, text, ret, err);
    if (found != E_NOT_FOUND)
        return found;
    error_set(err, E_USAGE, "\"%s\" is no commit, time or run", text);
    error_hint(err, "Write a number, a time like 2024-05-22T18:00:00Z, or a run that `weir log` "
                    "lists.");
    return E_USAGE;
}

status query_moment_find(session *s, query_moment *ret, error *err) {
    const char *text = option_text(s->command->options, OPTION_AS_OF);
    query_moment m = {.as_of_seq = -1};
    if (text != NULL)
        TRY(query_seq_of(s, text, &m.as_of_seq, err));
    bool protected_anyway = text == NULL && s->lake->retention_us >= QUERY_PIN_US;
    m.pins = !protected_anyway && !ledger_is_read_only(s->ledger);
    *ret = m;
    return OK;
}

void query_moment_end(session *s, const query_moment *m) {
    error why = {0};
    if (m->pin != 0 && ledger_pin_drop(s->ledger, m->pin, &why) != OK)
        log_write(s->command->log, LOG_DEBUG, "ignoring a pin that stays until it ends: %s",
                  why.message);
}
