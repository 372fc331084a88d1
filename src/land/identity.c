#define PCRE2_CODE_UNIT_WIDTH 8

#include "land/identity.h"

#include "base/path.h"
#include "land/scan.h"

#include <pcre2.h>

struct identity_rules {
    const lake_table *table;
    pcre2_code *identity;  /* NULL: the path */
    pcre2_code *from_path; /* NULL: none */
};

static status compile(const lake_table *table, const char *key, const char *pattern,
                      pcre2_code **ret, error *err) {
    int problem;
    PCRE2_SIZE offset;
    if (pattern == NULL)
        return OK;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF,
                                     &problem, &offset, NULL);
    if (code != NULL) {
        *ret = code;
        return OK;
    }
    PCRE2_UCHAR text[256] = "";
    pcre2_get_error_message(problem, text, sizeof text);
    status failed =
        error_set(err, E_DEFINITION, "%s: the pattern of %s is wrong at character %zu: %s",
                  table->name, key, offset + 1, (const char *)text);
    if (table->yaml_file != NULL)
        error_at(err, table->yaml_file, 0, 0);
    return failed;
}

status identity_new(const lake_table *table, identity_rules **ret, error *err) {
    identity_rules *rules = calloc(1, sizeof *rules);
    ASSERT(rules != NULL);
    rules->table = table;
    status compiled = compile(table, "identity", table->source->identity, &rules->identity, err);
    if (compiled == OK)
        compiled = compile(table, "from_path", table->source->from_path, &rules->from_path, err);
    if (compiled == OK)
        *ret = rules;
    else
        identity_free(rules);
    return compiled;
}

void identity_free(identity_rules *rules) {
    if (rules == NULL)
        return;
    pcre2_code_free(rules->identity);
    pcre2_code_free(rules->from_path);
    free(rules);
}

/* The caller frees. PCRE2's own limits bound what a hostile path can cost. */
static status match(const pcre2_code *code, const char *key, const char *file,
                    pcre2_match_data **ret, error *err) {
    pcre2_match_data *found = pcre2_match_data_create_from_pattern(code, NULL);
    ASSERT(found != NULL);
    int matched = pcre2_match(code, (PCRE2_SPTR)file, PCRE2_ZERO_TERMINATED, 0, 0, found, NULL);
    if (matched > 0) {
        *ret = found;
        return OK;
    }
    pcre2_match_data_free(found);
    ARENA_AUTO a = arena_new();
    return error_set(err, E_DATA, "the path \"%s\" does not match the pattern of %s",
                     str_printable(a, file), key);
}

/* NULL when the group took no part in the match. */
static const char *group_text(arena *a, pcre2_match_data *found, const char *file,
                              uint32_t number) {
    ASSERT(number < pcre2_get_ovector_count(found));
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(found);
    PCRE2_SIZE start = ends[2 * number], end = ends[2 * number + 1];
    if (start == PCRE2_UNSET || end < start)
        return NULL;
    return arena_strndup(a, file + start, end - start);
}

/* Encoded, so that no group can hold the separator. */
static char *join_groups(arena *a, pcre2_match_data *found, const char *file) {
    uint32_t count = pcre2_get_ovector_count(found);
    if (count == 1)
        return arena_strdup(a, group_text(a, found, file, 0));
    buf joined = buf_new(a);
    for (uint32_t i = 1; i < count; i++) {
        const char *text = group_text(a, found, file, i);
        if (i > 1)
            buf_char(&joined, '/');
        if (text != NULL)
            buf_add(&joined, path_hive_encode(a, text));
    }
    return joined.text;
}

status identity_of(const identity_rules *rules, const char *file, arena *a, char **ret,
                   error *err) {
    if (rules->identity == NULL) {
        *ret = arena_strdup(a, scan_path_in_table(rules->table, file));
        return OK;
    }
    pcre2_match_data *found;
    TRY(match(rules->identity, "identity", file, &found, err));
    *ret = join_groups(a, found, file);
    pcre2_match_data_free(found);
    return OK;
}

static json_t *named_groups(const identity_rules *rules, pcre2_match_data *found,
                            const char *file) {
    ARENA_AUTO a = arena_new();
    json_t *groups = json_object();
    const strings *names = &rules->table->source->from_path_names;
    for (size_t i = 0; i < names->count; i++) {
        int number =
            pcre2_substring_number_from_name(rules->from_path, (PCRE2_SPTR)names->items[i]);
        const char *text = number > 0 ? group_text(a, found, file, (uint32_t)number) : NULL;
        json_object_set_new(groups, names->items[i],
                            text != NULL ? json_string(text) : json_null());
    }
    return groups;
}

status identity_from_path(const identity_rules *rules, const char *file, json_t **ret, error *err) {
    if (rules->from_path == NULL) {
        *ret = NULL;
        return OK;
    }
    pcre2_match_data *found;
    TRY(match(rules->from_path, "from_path", file, &found, err));
    *ret = named_groups(rules, found, file);
    pcre2_match_data_free(found);
    return OK;
}
