#include "cli/verb.h"

#include "base/number.h"
#include "cli/document.h"
#include "cli/subject.h"

enum { ROWS_SHOWN = 20 };

static const char OLD[] = "weir_a.t", NEW[] = "weir_b.t";

typedef struct difference {
    session *session;
    subject of;
    int64_t versions[2];
    json_t *inputs;
    const char *columns; /* of both, quoted, separated by commas */
    const char *on;      /* the key's equality; NULL: whole rows are compared */
    const char *key;     /* quoted, separated by commas */
    strings names;
} difference;

/* versions */

static status refuse(const difference *d, const char *what, error *err) {
    error_set(err, E_USAGE, "%s", what);
    error_hint(err, "`weir history %s %s` lists its versions.", d->of.table->name, d->of.partition);
    return E_USAGE;
}

static status need_version(const difference *d, int64_t version, error *err) {
    for (size_t i = 0; i < d->of.history.count; i++) {
        const ledger_past *past = &d->of.history.items[i];
        if (past->version == version && past->is_gone) {
            error_set(err, E_USAGE, "the files of version %lld were removed by gc",
                      (long long)version);
            error_hint(err, "`weir history` tells which versions are kept.");
            return E_USAGE;
        }
        if (past->version == version)
            return OK;
    }
    return refuse(d,
                  arena_printf(d->session->arena, "partition \"%s\" has no version %lld",
                               d->of.partition, (long long)version),
                  err);
}

static status find_versions(difference *d, error *err) {
    const strings *arguments = &d->session->command->options->arguments;
    if (arguments->count == 3)
        return refuse(d, "name two versions, or none", err);
    if (arguments->count <= 2 && d->of.history.count < 2)
        return refuse(d,
                      arena_printf(d->session->arena, "partition \"%s\" has had one version only",
                                   d->of.partition),
                      err);
    for (size_t i = 0; i < 2; i++) {
        d->versions[i] = d->of.history.count > 1 ? d->of.history.items[1 - i].version : 0;
        if (arguments->count == 4 && !number_int64(arguments->items[2 + i], &d->versions[i]))
            return refuse(d,
                          arena_printf(d->session->arena, "\"%s\" is no version's number",
                                       arguments->items[2 + i]),
                          err);
        TRY(need_version(d, d->versions[i], err));
    }
    return OK;
}

/* columns */

static status read_names(const difference *d, int64_t version, strings *ret, error *err) {
    arena *a = d->session->arena;
    ledger_column *had = NULL;
    size_t count = 0;
    TRY(ledger_version_columns(d->session->ledger, version, a, &had, &count, err));
    for (size_t i = 0; i < count; i++)
        vec_push(a, ret, had[i].name);
    return OK;
}

static status take_key(difference *d, const char *text, error *err) {
    arena *a = d->session->arena;
    buf on = buf_new(a), key = buf_new(a);
    strings names = str_split(a, text, ',');
    for (size_t i = 0; i < names.count; i++) {
        const char *quoted = sql_identifier(a, names.items[i]);
        if (!strings_contain(&d->names, names.items[i]))
            return error_set(err, E_USAGE, "the versions share no column \"%s\"", names.items[i]);
        buf_printf(&on, "%sa.%s IS NOT DISTINCT FROM b.%s", i > 0 ? " AND " : "", quoted, quoted);
        buf_printf(&key, "%s%s", i > 0 ? ", " : "", quoted);
    }
    d->on = on.text;
    d->key = key.text;
    return OK;
}

static status find_columns(difference *d, error *err) {
    arena *a = d->session->arena;
    strings old = {0}, new = {0};
    buf list = buf_new(a);
    TRY(read_names(d, d->versions[0], &old, err));
    TRY(read_names(d, d->versions[1], &new, err));
    for (size_t i = 0; i < new.count; i++)
        if (strings_contain(&old, new.items[i]))
            vec_push(a, &d->names, new.items[i]);
    for (size_t i = 0; i < d->names.count; i++)
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", sql_identifier(a, d->names.items[i]));
    d->columns = list.text;
    const char *key = option_text(d->session->command->options, OPTION_KEY);
    return key != NULL ? take_key(d, key, err) : OK;
}

/* SQL */

/* "gone" and "come" are whole rows; with a key, those whose key is on one side only, and "was" and
 * "is" are the two sides of a change. */
static char *with_clause(const difference *d) {
    arena *a = d->session->arena;
    if (d->on == NULL)
        return arena_printf(a,
                            "WITH gone AS (SELECT %s FROM %s EXCEPT ALL SELECT %s FROM %s),"
                            " come AS (SELECT %s FROM %s EXCEPT ALL SELECT %s FROM %s),"
                            " was AS (SELECT * FROM gone WHERE false),"
                            " now AS (SELECT * FROM gone WHERE false)",
                            d->columns, OLD, d->columns, NEW, d->columns, NEW, d->columns, OLD);
    return arena_printf(a,
                        "WITH a AS (SELECT %s FROM %s), b AS (SELECT %s FROM %s),"
                        " gone AS (SELECT * FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE %s)),"
                        " come AS (SELECT * FROM b WHERE NOT EXISTS (SELECT 1 FROM a WHERE %s)),"
                        " was AS (SELECT a.* FROM a JOIN b ON %s WHERE a IS DISTINCT FROM b),"
                        " now AS (SELECT b.* FROM a JOIN b ON %s WHERE a IS DISTINCT FROM b)",
                        d->columns, OLD, d->columns, NEW, d->on, d->on, d->on, d->on);
}

static char *counts_sql(const difference *d) {
    arena *a = d->session->arena;
    const char *twice = "0";
    if (d->key != NULL)
        twice = arena_printf(a,
                             "(SELECT count(*) FROM (SELECT %s FROM a GROUP BY ALL HAVING"
                             " count(*) > 1 UNION ALL SELECT %s FROM b GROUP BY ALL HAVING"
                             " count(*) > 1))",
                             d->key, d->key);
    return arena_printf(a,
                        "%s SELECT (SELECT count(*) FROM come), (SELECT count(*) FROM gone),"
                        " (SELECT count(*) FROM was), %s",
                        with_clause(d), twice);
}

static char *rows_sql(const difference *d, int64_t limit) {
    static const char *const PARTS[][2] = {
        {"removed", "gone"}, {"added", "come"}, {"changed from", "was"}, {"changed to", "now"}};
    arena *a = d->session->arena;
    buf sql = buf_new(a);
    buf_printf(&sql, "%s ", with_clause(d));
    for (size_t i = 0; i < ARRAY_SIZE(PARTS); i++)
        buf_printf(&sql, "%s(SELECT '%s' AS change, %s FROM %s ORDER BY %s LIMIT %lld)",
                   i > 0 ? " UNION ALL " : "", PARTS[i][0], d->columns, PARTS[i][1],
                   d->key != NULL ? d->key : d->columns, (long long)limit);
    return sql.text;
}

/* asking */

static status take_columns(void *state, const json_t *header, error *err) {
    (void)state;
    (void)header;
    (void)err;
    return OK;
}

static status take_rows(void *state, const json_t *rows, error *err) {
    (void)err;
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) json_array_append(state, row);
    return OK;
}

static status ask(const difference *d, const char *sql, json_t *into, error *err) {
    JSON_AUTO job =
        json_pack("{s:s, s:s, s:O, s:n}", "op", "query", "sql", sql, "inputs", d->inputs, "limit");
    const engine_sink sink = {.columns = take_columns, .rows = take_rows, .state = into};
    return engine_query(d->session->engine, job, &sink, err);
}

static int64_t count_at(const json_t *counts, size_t i) {
    int64_t number = 0;
    const char *text = json_string_value(json_array_get(json_array_get(counts, 0), i));
    return text != NULL && number_int64(text, &number) ? number : 0;
}

static json_t *named_rows(const difference *d, const json_t *rows) {
    json_t *named = json_array();
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        json_t *one = json_object();
        json_object_set(one, "change", json_array_get(row, 0));
        for (size_t j = 0; j < d->names.count; j++)
            json_object_set(one, d->names.items[j], json_array_get(row, j + 1));
        json_array_append_new(named, one);
    }
    return named;
}

static void show(const difference *d, const json_t *counts, const json_t *rows) {
    output *o = d->session->command->out;
    arena *a = d->session->arena;
    JSON_AUTO named = named_rows(d, rows);
    JSON_AUTO document = document_new();
    json_object_set_new(document, "table", output_string(d->of.table->name));
    json_object_set_new(document, "partition", output_string(d->of.partition));
    json_object_set_new(document, "from", json_integer(d->versions[0]));
    json_object_set_new(document, "to", json_integer(d->versions[1]));
    json_object_set_new(document, "added", json_integer(count_at(counts, 0)));
    json_object_set_new(document, "removed", json_integer(count_at(counts, 1)));
    json_object_set_new(document, "changed", json_integer(count_at(counts, 2)));
    json_object_set(document, "rows", named);
    output_column *shown = ARENA_ARRAY(a, output_column, d->names.count + 1);
    shown[0] = (output_column){"change", "change", OUTPUT_TEXT};
    for (size_t i = 0; i < d->names.count; i++)
        shown[i + 1] = (output_column){d->names.items[i], d->names.items[i], OUTPUT_TEXT};
    if (json_array_size(named) > 0 || o->format != OUTPUT_TABLE)
        output_write_list(o, &(output_list){document, named, shown, d->names.count + 1});
    output_say(o, "version %lld to %lld: %lld added, %lld removed, %lld changed",
               (long long)d->versions[0], (long long)d->versions[1], (long long)count_at(counts, 0),
               (long long)count_at(counts, 1), (long long)count_at(counts, 2));
}

static status compare(const difference *d, error *err) {
    int64_t limit = 0;
    JSON_AUTO counts = json_array();
    JSON_AUTO rows = json_array();
    TRY(option_int(d->session->command->options, OPTION_LIMIT, 0, ROWS_SHOWN, &limit, err));
    TRY(ask(d, counts_sql(d), counts, err));
    if (count_at(counts, 3) > 0) {
        error_set(err, E_USAGE, "the key does not identify rows: %lld of its values stand twice",
                  (long long)count_at(counts, 3));
        error_hint(err, "Name more columns, or leave --key out to compare whole rows.");
        return E_USAGE;
    }
    TRY(ask(d, rows_sql(d, limit), rows, err));
    show(d, counts, rows);
    return OK;
}

static status add_input(difference *d, const char *name, int64_t version, error *err) {
    session *s = d->session;
    json_t *input = NULL;
    build_context build = session_build_context(s, NULL);
    TRY(build_version_input(&build, d->of.table, version, name, s->arena, &input, err));
    json_array_append_new(d->inputs, input);
    return OK;
}

static status diff(session *s, error *err) {
    JSON_AUTO inputs = json_array();
    difference d = {.session = s, .inputs = inputs};
    TRY(subject_find(s, &d.of, err));
    TRY(find_versions(&d, err));
    TRY(find_columns(&d, err));
    TRY(add_input(&d, OLD, d.versions[0], err));
    TRY(add_input(&d, NEW, d.versions[1], err));
    return compare(&d, err);
}

status verb_diff(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result = diff(&s, err);
    session_close(&s);
    return result;
}
