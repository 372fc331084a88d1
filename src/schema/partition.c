#include "base/path.h"
#include "schema/type.h"

/* Hive's name for NULL in a partition directory. As a value it is written with its first
 * character encoded, so that the two stay apart. */
static const char NULL_VALUE[] = "__HIVE_DEFAULT_PARTITION__";
static const char NULL_VALUE_AS_TEXT[] = "%5F_HIVE_DEFAULT_PARTITION__";

static const char *value_text(arena *a, const char *value) {
    if (value == NULL)
        return NULL_VALUE;
    if (str_eq(value, NULL_VALUE))
        return NULL_VALUE_AS_TEXT;
    return path_hive_encode(a, value);
}

char *partition_text(arena *a, const strings *partition_by, const char *const *values) {
    if (partition_by->count == 0)
        return arena_strdup(a, "()");
    buf text = buf_new(a);
    for (size_t i = 0; i < partition_by->count; i++)
        buf_printf(&text, "%s%s=%s", i == 0 ? "" : "/", path_hive_encode(a, partition_by->items[i]),
                   value_text(a, values[i]));
    return text.text;
}

const char *partition_too_long(const char *text, arena *a) {
    strings parts = str_split(a, text, '/');
    for (size_t i = 0; i < parts.count; i++)
        if (strlen(parts.items[i]) > PARTITION_NAME_MAX)
            return parts.items[i];
    return NULL;
}

/* One "name=value". */
static bool part_value(arena *a, const char *part, const char *name, const char **ret) {
    const char *prefix = arena_printf(a, "%s=", path_hive_encode(a, name));
    if (!str_starts(part, prefix))
        return false;
    const char *text = part + strlen(prefix);
    if (str_eq(text, NULL_VALUE)) {
        *ret = NULL;
        return true;
    }
    char *value;
    if (!path_hive_decode(a, text, &value) || !str_is_utf8(value, strlen(value)))
        return false;
    *ret = value;
    return true;
}

static status fail_text(const char *text, const strings *partition_by, arena *a, error *err) {
    status failed =
        error_set(err, E_USAGE, "\"%s\" is not a partition of this table", str_printable(a, text));
    if (partition_by->count == 0)
        error_hint(err, "The table is not partitioned: its one partition is written ().");
    else
        error_hint(err, "Write it as %s=<value>.", str_join(a, partition_by, "=<value>/"));
    return failed;
}

status partition_values(const char *text, const strings *partition_by, arena *a,
                        const char ***ret_values, error *err) {
    const char **values = ARENA_ARRAY(a, const char *, partition_by->count);
    if (partition_by->count == 0) {
        if (!str_eq(text, "()"))
            return fail_text(text, partition_by, a, err);
        *ret_values = values;
        return OK;
    }
    strings parts = str_split(a, text, '/');
    if (parts.count != partition_by->count)
        return fail_text(text, partition_by, a, err);
    for (size_t i = 0; i < parts.count; i++) {
        if (!part_value(a, parts.items[i], partition_by->items[i], &values[i]))
            return fail_text(text, partition_by, a, err);
    }
    *ret_values = values;
    return OK;
}
