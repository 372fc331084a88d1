#include "store/s3/profile.h"

#include "base/path.h"

#include <ctype.h>

enum { FILE_SIZE_MAX = 1024 * 1024 };

typedef struct entry {
    const char *key;
    const char *value;
} entry;

struct s3_profile {
    arena *arena;
    const char *name;
    bool found;
    VEC(entry) entries;
};

static char *trimmed(arena *a, const char *text, size_t size) {
    while (size > 0 && isspace((unsigned char)text[0]) != 0) {
        text++;
        size--;
    }
    while (size > 0 && isspace((unsigned char)text[size - 1]) != 0)
        size--;
    return arena_strndup(a, text, size);
}

/* "[profile x]" in the config file, "[x]" in the credentials file; "[default]" in both. */
static bool is_own_section(const s3_profile *p, const char *line) {
    size_t size = strcspn(line + 1, "]");
    const char *name = trimmed(p->arena, line + 1, size);
    if (str_starts(name, "profile "))
        name = trimmed(p->arena, name + strlen("profile "), strlen(name) - strlen("profile "));
    return str_eq(name, p->name);
}

static void add_entry(s3_profile *p, const char *block, const char *line) {
    size_t key_size = strcspn(line, "=");
    if (line[key_size] != '=')
        return;
    const char *key = trimmed(p->arena, line, key_size);
    const char *value = trimmed(p->arena, line + key_size + 1, strlen(line + key_size + 1));
    if (block[0] != '\0')
        key = arena_printf(p->arena, "%s.%s", block, key);
    if (s3_profile_get(p, key) == NULL)
        vec_push(p->arena, &p->entries, ((entry){key, value}));
}

static void read_text(s3_profile *p, const char *text) {
    strings lines = str_split(p->arena, text, '\n');
    const char *block = "";
    bool own = false;
    for (size_t i = 0; i < lines.count; i++) {
        const char *raw = lines.items[i];
        const char *line = trimmed(p->arena, raw, strlen(raw));
        bool indented = isspace((unsigned char)raw[0]) != 0;
        if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
            continue;
        if (line[0] == '[') {
            own = is_own_section(p, line);
            p->found = p->found || own;
            block = "";
            continue;
        }
        if (!indented)
            block = str_ends(line, "=") ? trimmed(p->arena, line, strlen(line) - 1) : "";
        if (own)
            add_entry(p, indented ? block : "", line);
    }
}

static status read_file(s3_profile *p, const char *path, error *err) {
    char *text = NULL;
    error problem = {0};
    status read = file_read(path, FILE_SIZE_MAX, p->arena, &text, NULL, &problem);
    if (read == OK)
        read_text(p, text);
    else if (read != E_NOT_FOUND && err != NULL)
        *err = problem;
    return read == E_NOT_FOUND ? OK : read;
}

/* A home that this user may not look into, as of the one who called sudo, has no file. */
static const char *find_file(s3_lookup environment, arena *a, const char *variable,
                             const char *name) {
    const char *named = environment(variable);
    if (named != NULL && named[0] != '\0')
        return named;
    const char *home = environment("HOME");
    const char *path = home == NULL ? NULL : arena_printf(a, "%s/.aws/%s", home, name);
    return path != NULL && file_exists(path) ? path : NULL;
}

status s3_profile_read(s3_lookup environment, arena *a, s3_profile **ret, error *err) {
    s3_profile *p = ARENA_NEW(a, s3_profile);
    const char *named = environment("AWS_PROFILE");
    bool is_named = named != NULL && named[0] != '\0';
    *p = (s3_profile){.arena = a, .name = is_named ? named : "default"};
    const char *files[] = {find_file(environment, a, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
                           find_file(environment, a, "AWS_CONFIG_FILE", "config")};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        if (files[i] != NULL)
            TRY(read_file(p, files[i], err));
    if (is_named && !p->found) {
        error_set(err, E_NOT_FOUND, "no file has the profile \"%s\" that AWS_PROFILE names", named);
        error_hint(err, "Add it to \"%s\", or unset AWS_PROFILE.",
                   files[0] != NULL ? files[0] : "~/.aws/credentials");
        return E_NOT_FOUND;
    }
    *ret = p;
    return OK;
}

const char *s3_profile_name(const s3_profile *p) {
    return p->name;
}

const char *s3_profile_get(const s3_profile *p, const char *key) {
    for (size_t i = 0; i < p->entries.count; i++)
        if (str_eq(p->entries.items[i].key, key))
            return p->entries.items[i].value[0] == '\0' ? NULL : p->entries.items[i].value;
    return NULL;
}
