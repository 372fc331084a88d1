#include "plan/filter.h"

#include "base/number.h"
#include "base/path.h"

static const int64_t DAY_US = INT64_C(86400) * 1000000;

#define NULL_VALUE "__HIVE_DEFAULT_PARTITION__"

typedef enum range_kind {
    RANGE_NONE,
    RANGE_DATE,
    RANGE_TIME,
    RANGE_ZONED_TIME,
    RANGE_NUMBER,
    RANGE_TEXT
} range_kind;

plan_moment plan_moment_read(const char *text, plan_present now) {
    plan_moment read = {.text = text};
    int64_t ago = 0;
    read.is_number = number_int64(text, &read.number);
    read.is_ago = !read.is_number && number_duration(text, &ago);
    /* Plain numbers are no times: 2024 would be a second of the year 1970. */
    read.is_time = read.is_ago || (!read.is_number && number_time(text, &read.us));
    if (read.is_ago)
        read.us = now.us - ago;
    read.wall_us = read.is_ago ? now.wall_us - ago : read.us;
    return read;
}

bool plan_range_is_empty(const plan_moment *from, const plan_moment *to) {
    if (from->text == NULL || to->text == NULL)
        return false;
    if (from->is_time && to->is_time)
        return from->us >= to->us;
    if (from->is_number && to->is_number)
        return from->number >= to->number;
    return str_eq(from->text, to->text);
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

static range_kind kind_of(const char *type) {
    static const char *const WHOLE[] = {"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",
                                        "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"};
    if (str_eq(type, "DATE"))
        return RANGE_DATE;
    if (str_eq(type, "TIMESTAMP WITH TIME ZONE"))
        return RANGE_ZONED_TIME;
    if (str_starts(type, "TIMESTAMP"))
        return RANGE_TIME;
    for (size_t i = 0; i < ARRAY_SIZE(WHOLE); i++)
        if (str_eq(type, WHOLE[i]))
            return RANGE_NUMBER;
    return str_eq(type, "VARCHAR") ? RANGE_TEXT : RANGE_NONE;
}

static bool is_of_time(range_kind kind) {
    return kind == RANGE_DATE || kind == RANGE_TIME || kind == RANGE_ZONED_TIME;
}

/* The partition column that ranges are on; -1: none. */
static int range_place(const lake_table *t, range_kind *ret_kind) {
    int first = -1;
    for (size_t i = 0; i < t->partition_by.count; i++) {
        int place = columns_find(&t->columns, t->partition_by.items[i]);
        range_kind kind = place < 0 ? RANGE_NONE : kind_of(t->columns.items[place].type);
        if (first >= 0 && !is_of_time(kind))
            continue;
        if (kind == RANGE_NONE)
            continue;
        first = (int)i;
        *ret_kind = kind;
        if (is_of_time(kind))
            break;
    }
    return first;
}

static bool has_range(const plan_filter *f) {
    return f->from.text != NULL || f->to.text != NULL;
}

static bool bound_fits(const plan_moment *m, range_kind kind) {
    if (m->text == NULL)
        return true;
    if (kind == RANGE_TEXT)
        return !m->is_ago;
    return kind == RANGE_NUMBER ? m->is_number : m->is_time;
}

bool plan_filter_applies(const plan_filter *f, const lake_table *t) {
    ARENA_AUTO a = arena_new();
    range_kind kind = RANGE_NONE;
    if (t->source != NULL || (has_range(f) && range_place(t, &kind) < 0))
        return false;
    if (has_range(f) && !(bound_fits(&f->from, kind) && bound_fits(&f->to, kind)))
        return false;
    return takes_any(f, t, NULL, a);
}

status plan_filter_check_range(const plan_filter *f, const lake_table *t, error *err) {
    range_kind kind = RANGE_NONE;
    int place = t->source == NULL && has_range(f) ? range_place(t, &kind) : -1;
    if (place < 0 || (bound_fits(&f->from, kind) && bound_fits(&f->to, kind)))
        return OK;
    ARENA_AUTO a = arena_new();
    const plan_moment *wrong = bound_fits(&f->from, kind) ? &f->to : &f->from;
    const char *text = str_printable(a, wrong->text), *name = t->partition_by.items[place];
    if (is_of_time(kind)) {
        error_set(err, E_USAGE, "\"%s\" is no moment", text);
        error_hint(err, "Write a date like 2024-05-22, a time like 2024-05-22T18:00:00Z, or 7d for "
                        "seven days ago.");
    } else {
        error_set(err, E_USAGE, "\"%s\" is no value of \"%s\", by which \"%s\" is partitioned",
                  text, name, t->name);
        error_hint(err, kind == RANGE_NUMBER
                            ? "The range is on that column: write whole numbers."
                            : "The range is on that column, which has text: write one as it is.");
    }
    return E_USAGE;
}

/* The engine writes a zone's offset without its minutes. */
static bool value_time(const char *value, arena *a, int64_t *ret_us) {
    return number_time(value, ret_us) || number_time(arena_printf(a, "%s:00", value), ret_us);
}

bool plan_partition_time(const lake_table *t, const char *partition, int64_t *ret_us) {
    ARENA_AUTO a = arena_new();
    const char **values = NULL;
    range_kind kind = RANGE_NONE;
    int place = range_place(t, &kind);
    if (!is_of_time(kind) || partition_values(partition, &t->partition_by, a, &values, NULL) != OK)
        return false;
    return values[place] != NULL && value_time(values[place], a, ret_us);
}

static int64_t start_of_day(int64_t us) {
    int64_t into = us % DAY_US;
    return us - (into < 0 ? into + DAY_US : into);
}

static int64_t bound_us(const plan_moment *m, range_kind kind) {
    if (kind == RANGE_ZONED_TIME)
        return m->us;
    return m->is_ago && kind == RANGE_DATE ? start_of_day(m->wall_us) : m->wall_us;
}

/* Is the value before the bound? */
static bool is_before(const char *value, const plan_moment *m, range_kind kind, int64_t number) {
    if (kind == RANGE_TEXT)
        return strcmp(value, m->text) < 0;
    return number < (kind == RANGE_NUMBER ? m->number : bound_us(m, kind));
}

static bool in_range(const plan_filter *f, const lake_table *t, const char *const *values,
                     arena *a) {
    range_kind kind = RANGE_NONE;
    int64_t number = 0;
    if (!has_range(f))
        return true;
    int place = range_place(t, &kind);
    const char *value = place < 0 ? NULL : values[place];
    if (value == NULL || !bound_fits(&f->from, kind) || !bound_fits(&f->to, kind))
        return false;
    if (is_of_time(kind) && !value_time(value, a, &number))
        return false;
    if (kind == RANGE_NUMBER && !number_int64(value, &number))
        return false;
    return !(f->from.text != NULL && is_before(value, &f->from, kind, number))
           && !(f->to.text != NULL && !is_before(value, &f->to, kind, number));
}

bool plan_filter_takes(const plan_filter *f, const lake_table *t, const char *partition) {
    ARENA_AUTO a = arena_new();
    const char **values = NULL;
    if (t->source != NULL || partition_values(partition, &t->partition_by, a, &values, NULL) != OK)
        return false;
    return in_range(f, t, values, a) && takes_any(f, t, values, a);
}
