#include "cli/verb.h"

#include "cli/query_inputs.h"
#include "cli/query_output.h"

#include <errno.h>

enum { SQL_SIZE_MAX = 1 << 20, READ_STEP = 4096 };

static status read_standard_input(arena *a, const char **ret, error *err) {
    buf text = buf_new(a);
    char bytes[READ_STEP];
    size_t got;
    while ((got = fread(bytes, 1, sizeof bytes, stdin)) > 0) {
        buf_add_bytes(&text, bytes, got);
        if (text.size > SQL_SIZE_MAX)
            return error_set(err, E_USAGE, "the SQL on standard input is larger than %d bytes",
                             SQL_SIZE_MAX);
    }
    if (ferror(stdin))
        return error_set_errno(err, errno, "cannot read standard input");
    if (!str_is_utf8(text.text, text.size))
        return error_set(err, E_USAGE, "the SQL on standard input is not UTF-8");
    *ret = text.text;
    return OK;
}

static status find_sql(const command *c, const char **ret, error *err) {
    const char *argument = c->options->arguments.items[0];
    if (str_eq(argument, "-"))
        return read_standard_input(c->arena, ret, err);
    *ret = argument;
    return OK;
}

static status make_job(session *s, const char *sql, query_moment *m, json_t **ret, error *err) {
    int64_t limit = 0;
    TRY(option_int(s->command->options, OPTION_LIMIT, 0, -1, &limit, err));
    json_t *inputs = NULL;
    TRY(query_inputs(s, sql, m, &inputs, err));
    *ret = json_pack("{s:s, s:s, s:o, s:o}", "op", "query", "sql", sql, "inputs", inputs, "limit",
                     limit >= 0 ? json_integer(limit) : json_null());
    return OK;
}

static status ask_at(session *s, query_moment *m, error *err) {
    const char *sql = NULL;
    TRY(find_sql(s->command, &sql, err));
    JSON_AUTO job = NULL;
    TRY(make_job(s, sql, m, &job, err));
    query_output *out = query_output_new(s->command->out, s->arena);
    engine_sink sink = query_output_sink(out);
    status result = engine_query(s->engine, job, &sink, err);
    if (s->command->out->closed)
        return OK;
    TRY(result);
    query_output_end(out);
    return OK;
}

static status ask(session *s, error *err) {
    query_moment m = {0};
    TRY(query_moment_find(s, &m, err));
    status result = ask_at(s, &m, err);
    query_moment_end(s, &m);
    return result;
}

status verb_query(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result = ask(&s, err);
    session_close(&s);
    return result;
}
