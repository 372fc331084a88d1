#include "land/name.h"

#include "base/number.h"
#include "base/path.h"

/* With both additions a name still fits into a directory entry (NAME_MAX). */
enum { STEM_SIZE_MAX = 180, EXTENSION_SIZE_MAX = 24 };

static const int64_t EPOCH_MAX = INT64_C(253402300799); /* the last second of the year 9999 */

typedef struct extension_row {
    const char *extension;
    lake_format format;
} extension_row;

static const extension_row FORMATS[] = {
    {".csv", FORMAT_CSV},    {".tsv", FORMAT_CSV},     {".json", FORMAT_JSON},
    {".jsonl", FORMAT_JSON}, {".ndjson", FORMAT_JSON}, {".parquet", FORMAT_PARQUET},
};

typedef struct compression_row {
    const char *extension;
    const char *name;
} compression_row;

static const compression_row COMPRESSIONS[] = {{".gz", "gzip"}, {".zst", "zstd"}};

static const char *const FORMAT_NAMES[] = {
    [FORMAT_BY_EXTENSION] = "by extension", [FORMAT_CSV] = "csv",       [FORMAT_JSON] = "json",
    [FORMAT_PARQUET] = "parquet",           [FORMAT_OPAQUE] = "opaque",
};

const char *name_of_format(lake_format format) {
    return FORMAT_NAMES[format];
}

/* Takes the ending off a lower-case name. */
static const char *take_compression(char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(COMPRESSIONS); i++) {
        if (!str_ends(name, COMPRESSIONS[i].extension))
            continue;
        name[strlen(name) - strlen(COMPRESSIONS[i].extension)] = '\0';
        return COMPRESSIONS[i].name;
    }
    return "none";
}

static lake_format format_of(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(FORMATS); i++)
        if (str_ends(name, FORMATS[i].extension))
            return FORMATS[i].format;
    return FORMAT_BY_EXTENSION;
}

static status refuse_unknown(const char *name, error *err) {
    status refused = error_set(err, E_DATA, "the name \"%s\" does not tell the format", name);
    error_hint(err, "Set format: in the table's YAML, or deliver it as .csv, .json, .jsonl or "
                    ".parquet, plain or with .gz or .zst behind.");
    return refused;
}

status name_kind_of(const char *file, lake_format declared, name_kind *ret, error *err) {
    ARENA_AUTO a = arena_new();
    const char *name = path_name(file);
    char *lower = str_lower(a, name);
    name_kind kind = {declared, "none"};
    if (declared == FORMAT_OPAQUE) {
        *ret = kind;
        return OK;
    }
    kind.compression = take_compression(lower);
    lake_format found = format_of(lower);
    if (declared == FORMAT_BY_EXTENSION)
        kind.format = found;
    if (kind.format == FORMAT_BY_EXTENSION)
        return refuse_unknown(name, err);
    if (found != FORMAT_BY_EXTENSION && found != kind.format)
        return error_set(err, E_DATA, "the name \"%s\" tells of %s, the table takes %s", name,
                         name_of_format(found), name_of_format(kind.format));
    if (kind.format == FORMAT_PARQUET && !str_eq(kind.compression, "none"))
        return error_set(err, E_DATA, "\"%s\" is parquet, which is not compressed once more", name);
    *ret = kind;
    return OK;
}

bool name_is_data(const char *name) {
    ARENA_AUTO a = arena_new();
    char *lower = str_lower(a, name);
    return !str_eq(take_compression(lower), "none") || format_of(lower) != FORMAT_BY_EXTENSION;
}

bool name_is_skipped(const char *name) {
    return name[0] == '.' || name[0] == '_' || str_ends(name, ".tmp") || str_ends(name, ".part");
}

bool name_is_pattern(const char *path) {
    return strpbrk(path, "*?[{") != NULL;
}

/* Spark and the engine read paths as patterns; the rest is for people who paste names. */
static bool is_plain(char c) {
    return (unsigned char)c > ' ' && c != 0x7f && strchr(":*?[]{}\\\"'%#<>|/", c) == NULL;
}

static bool may_begin(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (unsigned char)c >= 0x80;
}

/* Cut between characters, never inside one. */
static size_t cut(const char *text, size_t size, size_t max) {
    if (size <= max)
        return size;
    while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80)
        max--;
    return max;
}

static void add_plain(buf *b, const char *text, size_t size, size_t max) {
    size = cut(text, size, max);
    for (size_t i = 0; i < size; i++)
        buf_char(b, is_plain(text[i]) || text[i] == ' ' ? text[i] : '_');
}

/* Where ".csv.gz" begins: at the last dot, or at the one before a compression's. */
static size_t stem_size(arena *a, const char *name) {
    char *lower = str_lower(a, name);
    take_compression(lower);
    const char *dot = strrchr(lower, '.');
    return dot == NULL || dot == lower ? strlen(lower) : (size_t)(dot - lower);
}

char *name_object(arena *a, const char *table, const char *file, int64_t epoch, int attempt) {
    const char *name = path_name(file);
    size_t stem = stem_size(a, name);
    buf key = buf_new(a);
    buf_printf(&key, "%s/file_land_timestamp=%lld/", table, (long long)epoch);
    if (!may_begin(name[0]))
        buf_char(&key, 'x');
    add_plain(&key, name, stem, STEM_SIZE_MAX);
    if (attempt > 1)
        buf_printf(&key, "-%d", attempt);
    buf_printf(&key, "_%lld", (long long)epoch);
    add_plain(&key, name + stem, strlen(name + stem), EXTENSION_SIZE_MAX);
    return key.text;
}

/* "<stem>_<epoch>.<ext>" without the middle; NULL: not of that form. */
static const char *without_epoch(arena *a, const char *name, int64_t epoch) {
    const char *ending = arena_printf(a, "_%lld", (long long)epoch);
    size_t stem = stem_size(a, name), size = strlen(ending);
    if (stem <= size || memcmp(name + stem - size, ending, size) != 0)
        return NULL;
    return arena_printf(a, "%.*s%s", (int)(stem - size), name, name + stem);
}

/* Made again from what was read, it must come out the same: one rule, told in one place. */
bool name_read_object(arena *a, const char *table, const char *key, const char **ret_file,
                      int64_t *ret_epoch) {
    const char *head = arena_printf(a, "%s/" LAND_TIME_FOLDER, table);
    if (!str_starts(key, head))
        return false;
    const char *rest = key + strlen(head), *slash = strchr(rest, '/');
    int64_t epoch = 0;
    if (slash == NULL || strchr(slash + 1, '/') != NULL
        || !number_int64(arena_strndup(a, rest, (size_t)(slash - rest)), &epoch) || epoch < 0
        || epoch > EPOCH_MAX)
        return false;
    const char *file = without_epoch(a, slash + 1, epoch);
    if (file == NULL || !str_eq(name_object(a, table, file, epoch, 1), key))
        return false;
    *ret_file = file;
    *ret_epoch = epoch;
    return true;
}

static bool has_skipped_part(arena *a, const char *path) {
    const strings parts = str_split(a, path, '/');
    for (size_t i = 0; i < parts.count; i++)
        if (name_is_skipped(parts.items[i]))
            return true;
    return false;
}

/* "x_70.csv" of second 70 is x.csv; any other name is as it is. */
static const char *plain_name(arena *a, const char *name, int64_t epoch) {
    const char *without = without_epoch(a, name, epoch);
    return without != NULL && without[0] != '\0' && without[0] != '.' ? without : name;
}

bool name_read_foreign(arena *a, const char *table, const char *key, const char **ret_file,
                       int64_t *epoch) {
    const char *head = arena_printf(a, "%s/", table);
    strings kept = {0};
    if (!str_starts(key, head) || has_skipped_part(a, key))
        return false;
    const strings parts = str_split(a, key + strlen(head), '/');
    for (size_t i = 0; i < parts.count; i++) {
        int64_t told = 0;
        const char *part = parts.items[i];
        bool is_time = str_starts(part, LAND_TIME_FOLDER)
                       && number_int64(part + strlen(LAND_TIME_FOLDER), &told) && told >= 0
                       && told <= EPOCH_MAX;
        if (is_time)
            *epoch = told;
        else if (i + 1 < parts.count)
            vec_push(a, &kept, part);
    }
    vec_push(a, &kept, plain_name(a, parts.items[parts.count - 1], *epoch));
    *ret_file = str_join(a, &kept, "/");
    return true;
}
