#include "schema/span.h"

#include "base/json.h"
#include "base/number.h"

#include <inttypes.h>

enum { MONTHS_PER_YEAR = 12 };

typedef struct civil {
    int64_t year, month, day; /* month 0 to 11, day from 1 */
} civil;

/* How the moving column's values are counted. */
typedef enum form { FORM_NUMBER, FORM_DATE, FORM_MONTH } form;

static form form_of(const span *s) {
    if (str_eq(s->type, "DATE"))
        return FORM_DATE;
    return str_eq(s->type, "VARCHAR") ? FORM_MONTH : FORM_NUMBER;
}

typedef struct number_type {
    const char *name;
    int64_t least, greatest;
} number_type;

static const number_type *find_number(const char *type) {
    static const number_type TYPES[] = {
        {"TINYINT", INT8_MIN, INT8_MAX},   {"SMALLINT", INT16_MIN, INT16_MAX},
        {"INTEGER", INT32_MIN, INT32_MAX}, {"BIGINT", INT64_MIN, INT64_MAX},
        {"UTINYINT", 0, UINT8_MAX},        {"USMALLINT", 0, UINT16_MAX},
        {"UINTEGER", 0, UINT32_MAX},
    };
    for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++)
        if (str_eq(type, TYPES[i].name))
            return &TYPES[i];
    return NULL;
}

bool span_takes(span_kind kind, const char *type, bool in_months) {
    if (kind == SPAN_AS_OF)
        return str_eq(type, "DATE") || str_eq(type, "TIMESTAMP");
    if (str_eq(type, "DATE"))
        return true;
    return in_months ? str_eq(type, "VARCHAR") : find_number(type) != NULL;
}

/* Months of dates are at most 31 days each. */
int64_t span_width(const span *s) {
    enum { DAYS_PER_MONTH_MAX = 31 };
    int64_t steps = s->to - s->from;
    return (s->in_months && form_of(s) == FORM_DATE ? steps * DAYS_PER_MONTH_MAX : steps) + 1;
}

static json_t *texts_document(const strings *texts) {
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(list, json_string(texts->items[i]));
    return list;
}

char *span_text(const span *s, arena *a) {
    JSON_AUTO document =
        json_pack("{s:i, s:o, s:o, s:s, s:b, s:I, s:I, s:b, s:i}", "kind", (int)s->kind, "by",
                  texts_document(&s->by), "base", texts_document(&s->base), "type", s->type,
                  "months", (int)s->in_months, "from", (json_int_t)s->from, "to", (json_int_t)s->to,
                  "newest", (int)s->only_newest, "creates", (int)s->creates);
    ASSERT(document != NULL);
    return json_text(a, document);
}

static status read_texts(const json_t *document, const char *key, arena *a, strings *ret,
                         error *err) {
    json_t *list;
    const json_t *item;
    size_t i;
    TRY(json_need_array(document, key, &list, err));
    json_array_foreach(list, i, item) {
        if (!json_is_string(item))
            return error_set(err, E_DATA, "\"%s\" of a map holds something that is not text", key);
        vec_push(a, ret, arena_strdup(a, json_string_value(item)));
    }
    return OK;
}

static bool is_whole(const span *s) {
    return s->base.count > 0 && s->base.count <= s->by.count
           && (s->kind == SPAN_WINDOW || s->kind == SPAN_AS_OF)
           && (s->creates == SPAN_CREATES_NONE || s->creates == SPAN_CREATES_OWN
               || s->creates == SPAN_CREATES_ALL)
           && s->from >= -SPAN_BOUND_MAX && s->from <= s->to && s->to <= SPAN_BOUND_MAX
           && span_takes(s->kind, s->type, s->in_months) && span_width(s) <= SPAN_PARTITIONS_MAX;
}

status span_from_text(const char *text, arena *a, span *ret, error *err) {
    JSON_AUTO document = NULL;
    span s = {0};
    int64_t kind, creates;
    TRY(json_parse(text, strlen(text), "map", &document, err));
    TRY(json_need_int(document, "kind", &kind, err));
    TRY(json_need_int(document, "creates", &creates, err));
    TRY(json_need_int(document, "from", &s.from, err));
    TRY(json_need_int(document, "to", &s.to, err));
    TRY(json_need_string(document, "type", &s.type, err));
    TRY(read_texts(document, "by", a, &s.by, err));
    TRY(read_texts(document, "base", a, &s.base, err));
    s.type = arena_strdup(a, s.type);
    s.in_months = json_get_bool(document, "months", false);
    s.only_newest = json_get_bool(document, "newest", false);
    s.kind = (span_kind)kind;
    s.creates = (span_creates)creates;
    if (!is_whole(&s))
        return error_set(err, E_DATA, "a map is not one of this program's");
    *ret = s;
    return OK;
}

/* Counting days: the days of the years before, with March as the first month, so that a leap day is
 * a year's last. */
static int64_t days_of(civil c) {
    int64_t year = c.month < 2 ? c.year - 1 : c.year, month = (c.month + 10) % 12;
    return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + c.day - 1;
}

static civil civil_of(int64_t days) {
    int64_t year = (10000 * days + 14780) / 3652425;
    int64_t rest = days - (year * 365 + year / 4 - year / 100 + year / 400);
    if (rest < 0) {
        year--;
        rest = days - (year * 365 + year / 4 - year / 100 + year / 400);
    }
    int64_t month = (rest * 5 + 2) / 153;
    int64_t day = rest - (month * 153 + 2) / 5 + 1;
    return (civil){month < 10 ? year : year + 1, (month + 2) % 12, day};
}

static int64_t days_in(int64_t year, int64_t month) {
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return DAYS[month] + (month == 1 && leap);
}

static bool read_digits(const char *text, size_t count, int64_t *ret) {
    *ret = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *ret = *ret * 10 + (text[i] - '0');
    }
    return true;
}

/* "2024-05-22", or with months "2024-05". Values outside are not counted from others. */
static bool read_civil(const char *text, bool month_only, civil *ret) {
    civil c = {.day = 1};
    size_t size = month_only ? 7 : 10;
    if (strlen(text) != size || !read_digits(text, 4, &c.year) || text[4] != '-'
        || !read_digits(text + 5, 2, &c.month))
        return false;
    if (!month_only && (text[7] != '-' || !read_digits(text + 8, 2, &c.day)))
        return false;
    c.month--;
    bool good = c.year >= 1 && c.month >= 0 && c.month < 12 && c.day >= 1;
    if (good && c.day <= days_in(c.year, c.month))
        *ret = c;
    return good && c.day <= days_in(c.year, c.month);
}

/* As the engine adds months to a date: the day is cut to the month's length. */
static civil add_months(civil c, int64_t months) {
    int64_t all = c.year * MONTHS_PER_YEAR + c.month + months;
    c.year = all / MONTHS_PER_YEAR;
    c.month = all % MONTHS_PER_YEAR;
    if (c.year >= 1 && c.day > days_in(c.year, c.month))
        c.day = days_in(c.year, c.month);
    return c;
}

/* The value as a number that goes up by one from each to the next. */
static bool read_value(form f, const char *text, int64_t *ret) {
    civil c = {0};
    if (f == FORM_NUMBER)
        return number_int64(text, ret);
    if (!read_civil(text, f == FORM_MONTH, &c))
        return false;
    *ret = f == FORM_DATE ? days_of(c) : c.year * MONTHS_PER_YEAR + c.month;
    return true;
}

static const char *write_number(const char *type, int64_t value, arena *a) {
    const number_type *t = find_number(type);
    if (t == NULL || value < t->least || value > t->greatest)
        return NULL;
    return arena_printf(a, "%" PRId64, value);
}

/* NULL outside of what the column can hold and read_value takes. */
static const char *write_value(const span *s, int64_t value, arena *a) {
    form f = form_of(s);
    civil c = {.year = value / MONTHS_PER_YEAR, .month = value % MONTHS_PER_YEAR};
    if (f == FORM_NUMBER)
        return write_number(s->type, value, a);
    if (value < 0)
        return NULL;
    if (f == FORM_DATE)
        c = civil_of(value);
    if (c.year < 1 || c.year > 9999)
        return NULL;
    if (f == FORM_MONTH)
        return arena_printf(a, "%04" PRId64 "-%02" PRId64, c.year, c.month + 1);
    return arena_printf(a, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, c.year, c.month + 1, c.day);
}

/* The first and the last value that the partition at this value reads. */
static void bounds_at(const span *s, int64_t value, int64_t *ret_first, int64_t *ret_last) {
    bool by_month = s->in_months && form_of(s) == FORM_DATE;
    *ret_first = by_month ? days_of(add_months(civil_of(value), s->from)) : value + s->from;
    *ret_last = by_month ? days_of(add_months(civil_of(value), s->to)) : value + s->to;
}

static size_t place_of(const strings *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (str_eq(names->items[i], name))
            return i;
    return names->count;
}

/* The values of the columns `to`, which are among the columns `from`. */
static const char **pick(const strings *from, const char *const *values, const strings *to,
                         arena *a) {
    const char **picked = ARENA_ARRAY(a, const char *, to->count);
    for (size_t i = 0; i < to->count; i++) {
        size_t place = place_of(from, to->items[i]);
        picked[i] = place < from->count ? values[place] : NULL;
    }
    return picked;
}

static const char *moving_name(const span *s) {
    return s->base.items[s->base.count - 1];
}

status span_own(const span *s, const char *partition, arena *a, const char **ret, error *err) {
    const char **values;
    TRY(partition_values(partition, &s->by, a, &values, err));
    *ret = partition_text(a, &s->base, pick(&s->by, values, &s->base, a));
    return OK;
}

typedef struct around {
    const span *s;
    const strings *to; /* columns of the partitions that are listed */
    const char **values;
    arena *arena;
    strings *list;
} around;

static void add_at(around *r, const char *value) {
    if (value == NULL)
        return;
    r->values[place_of(r->to, moving_name(r->s))] = value;
    vec_push(r->arena, r->list, partition_text(r->arena, r->to, r->values));
}

static void add_own(const around *r) {
    if (r->s->from <= 0 && r->s->to >= 0)
        vec_push(r->arena, r->list, partition_text(r->arena, r->to, r->values));
}

/* Numbers at the very ends are not counted from, so that no sum overflows. */
static bool is_countable(form f, const char *text, int64_t *ret) {
    static const int64_t MARGIN = 2 * SPAN_BOUND_MAX;
    return text != NULL && read_value(f, text, ret) && *ret > INT64_MIN + MARGIN
           && *ret < INT64_MAX - MARGIN;
}

static int compare_texts(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void sort_texts(strings *list) {
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare_texts);
}

status span_reads(const span *s, const char *partition, arena *a, strings *ret, error *err) {
    const char **values;
    int64_t at, first, last;
    form f = form_of(s);
    strings list = {0};
    TRY(partition_values(partition, &s->by, a, &values, err));
    around r = {s, &s->base, pick(&s->by, values, &s->base, a), a, &list};
    if (is_countable(f, r.values[s->base.count - 1], &at)) {
        bounds_at(s, at, &first, &last);
        for (int64_t i = first; i <= last; i++)
            add_at(&r, write_value(s, i, a));
        sort_texts(&list);
    } else {
        add_own(&r);
    }
    *ret = list;
    return OK;
}

/* A month back and forth may miss by the days that months differ. */
enum { MONTHS_DIFFER_BY = 3 };

status span_read_by(const span *s, const char *base, arena *a, strings *ret, error *err) {
    const char **values;
    int64_t at, first, last, nearest, farthest;
    form f = form_of(s);
    strings list = {0};
    span back = *s;
    back.from = -s->to;
    back.to = -s->from;
    TRY(partition_values(base, &s->base, a, &values, err));
    around r = {s, &s->by, pick(&s->base, values, &s->by, a), a, &list};
    if (!is_countable(f, values[s->base.count - 1], &at)) {
        add_own(&r);
        *ret = list;
        return OK;
    }
    bounds_at(&back, at, &nearest, &farthest);
    for (int64_t i = nearest - MONTHS_DIFFER_BY; i <= farthest + MONTHS_DIFFER_BY; i++) {
        const char *value = write_value(s, i, a);
        if (value == NULL)
            continue;
        bounds_at(s, i, &first, &last);
        if (first <= at && at <= last)
            add_at(&r, value);
    }
    sort_texts(&list);
    *ret = list;
    return OK;
}

/* A year of four digits, or an end of time, which the engine writes so that they sort as well. */
static bool is_ordered(const char *value) {
    int64_t year;
    return str_eq(value, "infinity") || str_eq(value, "-infinity")
           || (strlen(value) >= 10 && read_digits(value, 4, &year) && value[4] == '-'
               && !str_ends(value, "(BC)"));
}

status span_prefix(const span *s, const char *partition, arena *a, const char **ret, error *err) {
    const char **values;
    TRY(partition_values(partition, &s->by, a, &values, err));
    const char **own = pick(&s->by, values, &s->base, a);
    const char *value = own[s->base.count - 1];
    *ret = NULL;
    if (value == NULL)
        return OK;
    if (!is_ordered(value))
        return error_set(err, E_DATA, "what is newest at or before \"%s\" cannot be told",
                         partition);
    own[s->base.count - 1] = "";
    *ret = partition_text(a, &s->base, own);
    return OK;
}

/* The moving column is the last, and inside values "=" is encoded. */
char *span_base_prefix(const char *base, arena *a) {
    const char *last = strrchr(base, '=');
    ASSERT(last != NULL);
    if (str_eq(last + 1, "__HIVE_DEFAULT_PARTITION__"))
        return NULL;
    return arena_strndup(a, base, (size_t)(last + 1 - base));
}
