#include "cli/range.h"

#include "base/number.h"

#include <inttypes.h>

static status take_number(void *state, const json_t *rows, error *err) {
    const char *text = json_string_value(json_array_get(json_array_get(rows, 0), 0));
    if (text == NULL || !number_int64(text, state))
        return error_set(err, E_ENGINE, "the worker does not say what time it is");
    return OK;
}

static status ignore_columns(void *state, const json_t *told, error *err) {
    (void)state, (void)told, (void)err;
    return OK;
}

/* Only the engine knows time zones. */
static status ask_wall(const session *s, int64_t now_us, int64_t *ret_us, error *err) {
    const char *sql = arena_printf(s->arena,
                                   "SELECT epoch_us(timezone(current_setting('TimeZone'), "
                                   "make_timestamptz(%" PRId64 ")))",
                                   now_us);
    JSON_AUTO job = json_pack("{s:s, s:s, s:[]}", "op", "query", "sql", sql, "inputs");
    const engine_sink sink = {ignore_columns, take_number, ret_us};
    return engine_query(s->engine, job, &sink, err);
}

static bool is_ago(const session *s, option_id id) {
    const char *text = option_text(s->command->options, id);
    return text != NULL && plan_moment_read(text, (plan_present){0}).is_ago;
}

static status find_present(const session *s, plan_present *ret, error *err) {
    int64_t now = s->now_us != 0 ? s->now_us : clock_now_us(s->command->clock);
    *ret = (plan_present){now, now};
    if ((!is_ago(s, OPTION_FROM) && !is_ago(s, OPTION_TO)) || str_eq(s->lake->timezone, "UTC"))
        return OK;
    return ask_wall(s, now, &ret->wall_us, err);
}

static plan_moment read_moment(const session *s, option_id id, plan_present now) {
    const char *text = option_text(s->command->options, id);
    return text == NULL ? (plan_moment){0} : plan_moment_read(text, now);
}

static status read_options(const session *s, plan_filter *into, error *err) {
    plan_present now;
    into->partitions = s->command->options->values[OPTION_PARTITION];
    TRY(find_present(s, &now, err));
    into->from = read_moment(s, OPTION_FROM, now);
    into->to = read_moment(s, OPTION_TO, now);
    for (size_t i = 0; i < into->partitions.count; i++)
        TRY(plan_filter_check(into->partitions.items[i], err));
    if (plan_range_is_empty(&into->from, &into->to))
        return error_set(err, E_USAGE, "the range from \"%s\" to \"%s\" is empty", into->from.text,
                         into->to.text);
    return OK;
}

static status refuse_useless(const plan_filter *f, error *err) {
    bool is_range = f->from.text != NULL || f->to.text != NULL;
    error_set(err, E_USAGE, "no selected table is partitioned by %s",
              is_range ? "dates, timestamps, whole numbers or text" : "that column");
    error_hint(err, "`weir graph` shows what tables are partitioned by.");
    return E_USAGE;
}

static status check_tables(const session *s, const bool *selected, const plan_filter *f,
                           error *err) {
    for (size_t i = 0; i < s->lake->table_count; i++)
        if ((selected == NULL || selected[i]) && plan_filter_applies(f, s->lake->tables[i]))
            return OK;
    for (size_t i = 0; i < s->lake->table_count; i++)
        if (selected == NULL || selected[i])
            TRY(plan_filter_check_range(f, s->lake->tables[i], err));
    return refuse_useless(f, err);
}

status range_read(const session *s, const bool *selected, const plan_filter **ret, error *err) {
    const option_values *o = s->command->options;
    if (!option_given(o, OPTION_FROM) && !option_given(o, OPTION_TO)
        && !option_given(o, OPTION_PARTITION)) {
        *ret = NULL;
        return OK;
    }
    plan_filter *f = ARENA_NEW(s->arena, plan_filter);
    TRY(read_options(s, f, err));
    TRY(check_tables(s, selected, f, err));
    *ret = f;
    return OK;
}

static status refuse_size(const session *s, option_id id, const char *form, error *err) {
    error_set(err, E_USAGE, "\"%s\" is no value of --%s", option_text(s->command->options, id),
              OPTIONS[id].name);
    error_hint(err, "Write %s.", form);
    return E_USAGE;
}

static status read_bounds(const session *s, plan_bounds *into, error *err) {
    const option_values *o = s->command->options;
    const char *bytes = option_text(o, OPTION_MAX_BYTES);
    const char *micros = option_text(o, OPTION_MAX_TIME);
    TRY(option_int(o, OPTION_MAX_PARTITIONS, 1, 0, &into->partitions, err));
    if (bytes != NULL && (!number_bytes(bytes, &into->bytes) || into->bytes < 1))
        return refuse_size(s, OPTION_MAX_BYTES, "a size like 500MB or 20GB", err);
    if (micros != NULL && (!number_duration(micros, &into->micros) || into->micros < 1))
        return refuse_size(s, OPTION_MAX_TIME, "a length of time like 90s, 30m or 2h", err);
    into->newest_first = option_given(o, OPTION_NEWEST_FIRST);
    if (into->newest_first && option_given(o, OPTION_OLDEST_FIRST))
        return error_set(err, E_USAGE, "--newest-first and --oldest-first exclude each other");
    return OK;
}

static bool is_bounded(const plan_bounds *b) {
    return b->partitions > 0 || b->bytes > 0 || b->micros > 0 || b->newest_first;
}

status range_scope(const session *s, run_scope *ret, error *err) {
    run_scope of = {0};
    const plan_filter *filter = NULL;
    TRY(session_select(s, &of.selected, err));
    TRY(range_read(s, of.selected, &filter, err));
    plan_bounds *bounds = ARENA_NEW(s->arena, plan_bounds);
    TRY(read_bounds(s, bounds, err));
    if (filter != NULL || is_bounded(bounds)) {
        build_scope *scope = ARENA_NEW(s->arena, build_scope);
        scope->filter = filter;
        scope->bounds = is_bounded(bounds) ? bounds : NULL;
        of.scope = scope;
    }
    *ret = of;
    return OK;
}
