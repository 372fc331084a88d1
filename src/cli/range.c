#include "cli/range.h"

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

status range_scope(const session *s, run_scope *ret, error *err) {
    run_scope of = {0};
    const plan_filter *filter = NULL;
    TRY(session_select(s, &of.selected, err));
    TRY(range_read(s, of.selected, &filter, err));
    if (filter != NULL) {
        build_scope *scope = ARENA_NEW(s->arena, build_scope);
        scope->filter = filter;
        of.scope = scope;
    }
    *ret = of;
    return OK;
}
