#include "plan/filter.h"

#include "base/number.h"
#include "base/path.h"

static const int64_t DAY_US = INT64_C(86400) * 1000000;

#define NULL_VALUE "__HIVE_DEFAULT_PARTITION__"

static status refuse_moment(const char *text, error *err) {
    ARENA_AUTO a = arena_new();
    error_set(err, E_USAGE, "\"%s\" is no moment", str_printable(a, text));
    error_hint(err, "Write a date like 2024-05-22, a time like 2024-05-22T18:00:00Z, or 7d for "
                    "seven days ago.");
    return E_USAGE;
}

/* Plain numbers are refused: 2024 would be a second of the year 1970. */
status plan_moment_read(const char *text, int64_t now_us, plan_moment *ret, error *err) {
    plan_moment read = {.given = true};
    int64_t number = 0;
    if (number_int64(text, &number))
        return refuse_moment(text, err);
    if (number_duration(text, &number)) {
        read.is_ago = true;
        read.us = now_us - number;
    } else if (!number_time(text, &read.us)) {
        return refuse_moment(text, err);
    }
    *ret = read;
    return OK;
}

/* A part without '=' belongs to the value before it: site=a/b. */
static strings parts_of(const char *partition, arena *a) {
    strings parts = {0}, pieces = str_split(a, partition, '/');
    for (size_t i = 0; i < pieces.count; i++) {
        if (i > 0 && strchr(pieces.items[i], '=') == NULL)
            parts.items[parts.count - 1] =
                arena_printf(a, "%s/%s", parts.items[parts.count - 1], pieces.items[i]);
        else
            vec_push(a, &parts, pieces.items[i]);
    }
    return parts;
}

status plan_filter_check(const char *partition, error *err) {
    ARENA_AUTO a = arena_new();
    strings parts = parts_of(partition, a);
    bool fits = true;
    for (size_t i = 0; i < parts.count; i++) {
        const char *equals = strchr(parts.items[i], '=');
        fits = fits && equals != NULL && equals != parts.items[i];
    }
    if (fits || str_eq(partition, "()"))
        return OK;
    error_set(err, E_USAGE, "\"%s\" names no partition", str_printable(a, partition));
    error_hint(err, "Write a column and its value, like event_date=2024-05-22; () is the partition "
                    "of a table without.");
    return E_USAGE;
}

static int find_text(const strings *in, const char *text, size_t size) {
    for (size_t i = 0; i < in->count; i++)
        if (strlen(in->items[i]) == size && strncmp(in->items[i], text, size) == 0)
            return (int)i;
    return -1;
}

/* As it stands, or in the encoding of partition texts. */
static bool is_value(arena *a, const char *asked, const char *value) {
    char *decoded = NULL;
    if (value == NULL || str_eq(asked, NULL_VALUE))
        return value == NULL && str_eq(asked, NULL_VALUE);
    return str_eq(asked, value) || (path_hive_decode(a, asked, &decoded) && str_eq(decoded, value));
}

/* values: NULL asks only whether the table has the columns. */
static bool takes_parts(const lake_table *t, const char *asked, const char *const *values,
                        arena *a) {
    if (str_eq(asked, "()"))
        return t->partition_by.count == 0;
    strings parts = parts_of(asked, a);
    for (size_t i = 0; i < parts.count; i++) {
        const char *equals = strchr(parts.items[i], '=');
        if (equals == NULL)
            return false;
        int place = find_text(&t->partition_by, parts.items[i], (size_t)(equals - parts.items[i]));
        if (place < 0 || (values != NULL && !is_value(a, equals + 1, values[place])))
            return false;
    }
    return true;
}

static bool takes_any(const plan_filter *f, const lake_table *t, const char *const *values,
                      arena *a) {
    for (size_t i = 0; i < f->partitions.count; i++)
        if (takes_parts(t, f->partitions.items[i], values, a))
            return true;
    return f->partitions.count == 0;
}

/* The partition column that ranges are on; -1: none. */
static int range_place(const lake_table *t, bool *ret_is_date) {
    for (size_t i = 0; i < t->partition_by.count; i++) {
        int place = columns_find(&t->columns, t->partition_by.items[i]);
        const char *type = place < 0 ? "" : t->columns.items[place].type;
        *ret_is_date = str_eq(type, "DATE");
        if (*ret_is_date || str_starts(type, "TIMESTAMP"))
            return (int)i;
    }
    return -1;
}

static bool has_range(const plan_filter *f) {
    return f->from.given || f->to.given;
}

bool plan_filter_applies(const plan_filter *f, const lake_table *t) {
    ARENA_AUTO a = arena_new();
    bool ignored = false;
    if (t->source != NULL || (has_range(f) && range_place(t, &ignored) < 0))
        return false;
    return takes_any(f, t, NULL, a);
}

/* The engine writes a zone's offset without its minutes. */
static bool value_time(const char *value, arena *a, int64_t *ret_us) {
    return number_time(value, ret_us) || number_time(arena_printf(a, "%s:00", value), ret_us);
}

bool plan_partition_time(const lake_table *t, const char *partition, int64_t *ret_us) {
    ARENA_AUTO a = arena_new();
    const char **values = NULL;
    bool ignored = false;
    int place = range_place(t, &ignored);
    if (place < 0 || partition_values(partition, &t->partition_by, a, &values, NULL) != OK)
        return false;
    return values[place] != NULL && value_time(values[place], a, ret_us);
}

static int64_t start_of_day(int64_t us) {
    int64_t into = us % DAY_US;
    return us - (into < 0 ? into + DAY_US : into);
}

static int64_t bound_us(const plan_moment *m, bool is_date) {
    return m->is_ago && is_date ? start_of_day(m->us) : m->us;
}

static bool in_range(const plan_filter *f, const lake_table *t, const char *const *values,
                     arena *a) {
    bool is_date = false;
    int64_t us = 0;
    if (!has_range(f))
        return true;
    int place = range_place(t, &is_date);
    if (place < 0 || values[place] == NULL || !value_time(values[place], a, &us))
        return false;
    return !(f->from.given && us < bound_us(&f->from, is_date))
           && !(f->to.given && us >= bound_us(&f->to, is_date));
}

bool plan_filter_takes(const plan_filter *f, const lake_table *t, const char *partition) {
    ARENA_AUTO a = arena_new();
    const char **values = NULL;
    if (t->source != NULL || partition_values(partition, &t->partition_by, a, &values, NULL) != OK)
        return false;
    return in_range(f, t, values, a) && takes_any(f, t, values, a);
}
