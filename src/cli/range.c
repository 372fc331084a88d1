#include "cli/range.h"

#include "base/number.h"

static status read_moment(const session *s, option_id id, plan_moment *into, error *err) {
    const char *text = option_text(s->command->options, id);
    int64_t now = s->now_us != 0 ? s->now_us : clock_now_us(s->command->clock);
    if (text == NULL)
        return OK;
    return plan_moment_read(text, now, into, err);
}

static status read_options(const session *s, plan_filter *into, error *err) {
    into->partitions = s->command->options->values[OPTION_PARTITION];
    TRY(read_moment(s, OPTION_FROM, &into->from, err));
    TRY(read_moment(s, OPTION_TO, &into->to, err));
    for (size_t i = 0; i < into->partitions.count; i++)
        TRY(plan_filter_check(into->partitions.items[i], err));
    if (into->from.given && into->to.given && into->from.us >= into->to.us)
        return error_set(err, E_USAGE, "the range from \"%s\" to \"%s\" is empty",
                         option_text(s->command->options, OPTION_FROM),
                         option_text(s->command->options, OPTION_TO));
    return OK;
}

static status refuse_useless(const plan_filter *f, error *err) {
    bool is_range = f->from.given || f->to.given;
    error_set(err, E_USAGE, "no selected table is partitioned by %s",
              is_range ? "dates or timestamps" : "that column");
    error_hint(err, "`weir graph` shows what tables are partitioned by.");
    return E_USAGE;
}

static status check_tables(const session *s, const bool *selected, const plan_filter *f,
                           error *err) {
    bool any = false;
    for (size_t i = 0; i < s->lake->table_count; i++) {
        const lake_table *t = s->lake->tables[i];
        bool applies = plan_filter_applies(f, t);
        any = any || (applies && (selected == NULL || selected[i]));
    }
    return any ? OK : refuse_useless(f, err);
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
