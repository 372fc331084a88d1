/* The rules that the rows of a partition must keep. */
#include "engine/duckdb/build.h"

static status read_rule(const json_t *from, const job_columns *columns, arena *a, build_rule *ret,
                        error *err) {
    const char *rule;
    TRY(json_need_string(from, "rule", &rule, err));
    TRY(job_read_strings(from, "columns", a, &ret->columns, err));
    ret->is_unique = str_eq(rule, "unique");
    if (!ret->is_unique && !str_eq(rule, "not_null"))
        return error_set(err, E_USAGE, "\"%s\" is not a rule", rule);
    for (size_t i = 0; i < ret->columns.count; i++)
        if (job_find_column(columns, ret->columns.items[i]) < 0)
            return error_set(err, E_USAGE, "the rule \"%s\" names \"%s\", which is not a column",
                             rule, ret->columns.items[i]);
    return OK;
}

status build_read_rules(const json_t *job, const job_columns *columns, arena *a, build_rules *ret,
                        error *err) {
    size_t i;
    json_t *item;
    build_rules all = {0};
    json_array_foreach(json_object_get(job, "checks"), i, item) {
        build_rule rule = {0};
        TRY(read_rule(item, columns, a, &rule, err));
        vec_push(a, &all, rule);
    }
    *ret = all;
    return OK;
}

static void add_names(const strings *columns, const char *before, const char *after, buf *sql) {
    for (size_t i = 0; i < columns->count; i++) {
        buf_add(sql, i > 0 ? ", " : "");
        buf_add(sql, before);
        buf_sql_identifier(sql, columns->items[i]);
        buf_add(sql, after);
    }
}

static status refuse(const build_spec *spec, error *err) {
    error_hint(err,
               "\"checks\" of \"%s\" says so: correct the SQL, withdraw what was delivered wrong, "
               "or change the rule.",
               spec->table);
    return E_CHECK;
}

/* One row: how many rows lack each column. */
static status check_not_null(db *d, const build_spec *spec, const build_rule *rule,
                             const build_files *files, arena *a, error *err) {
    db_table found;
    buf sql = buf_new(a);
    buf_add(&sql, "SELECT ");
    add_names(&rule->columns, "CAST(count(*) FILTER (WHERE ", " IS NULL) AS VARCHAR)", &sql);
    buf_add(&sql, " FROM ");
    build_add_source(files, &sql);
    TRY(db_rows(d, sql.text, a, &found, err));
    for (size_t i = 0; i < rule->columns.count; i++) {
        if (str_eq(db_cell(&found, 0, i), "0"))
            continue;
        error_set(err, E_CHECK, "rows of \"%s\" have no \"%s\": %s of them", spec->table,
                  rule->columns.items[i], db_cell(&found, 0, i));
        return refuse(spec, err);
    }
    return OK;
}

/* The first values that are there twice, with how many rows have such values. */
static status find_doubled(db *d, const build_rule *rule, const build_files *files, arena *a,
                           db_table *ret, error *err) {
    buf sql = buf_new(a);
    buf_add(&sql, "SELECT CAST(sum(count(*)) OVER () AS VARCHAR), ");
    add_names(&rule->columns, "CAST(", " AS VARCHAR)", &sql);
    buf_add(&sql, " FROM ");
    build_add_source(files, &sql);
    buf_add(&sql, " WHERE (");
    for (size_t i = 0; i < rule->columns.count; i++) {
        buf_add(&sql, i > 0 ? " AND " : "");
        buf_sql_identifier(&sql, rule->columns.items[i]);
        buf_add(&sql, " IS NOT NULL");
    }
    buf_add(&sql, ") GROUP BY ");
    add_names(&rule->columns, "", "", &sql);
    buf_add(&sql, " HAVING count(*) > 1 ORDER BY ");
    add_names(&rule->columns, "", "", &sql);
    buf_add(&sql, " LIMIT 1");
    return db_rows(d, sql.text, a, ret, err);
}

static status check_unique(db *d, const build_spec *spec, const build_rule *rule,
                           const build_files *files, arena *a, error *err) {
    db_table found;
    buf example = buf_new(a);
    TRY(find_doubled(d, rule, files, a, &found, err));
    if (found.rows == 0)
        return OK;
    for (size_t i = 0; i < rule->columns.count; i++)
        buf_printf(&example, "%s%s=%s", i > 0 ? ", " : "", rule->columns.items[i],
                   str_printable(a, db_cell(&found, 0, i + 1)));
    error_set(err, E_CHECK, "%s rows of \"%s\" are not alone with their %s, such as %s",
              db_cell(&found, 0, 0), spec->table, str_join(a, &rule->columns, ", "), example.text);
    return refuse(spec, err);
}

status build_check_rules(db *d, const build_spec *spec, const build_files *files, arena *a,
                         error *err) {
    for (size_t i = 0; files->count > 0 && i < spec->rules.count; i++) {
        const build_rule *rule = &spec->rules.items[i];
        if (rule->columns.count == 0)
            continue;
        TRY(rule->is_unique ? check_unique(d, spec, rule, files, a, err)
                            : check_not_null(d, spec, rule, files, a, err));
    }
    return OK;
}
