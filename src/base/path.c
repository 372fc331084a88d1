#include "base/path.h"

#include <errno.h>
#include <sys/stat.h>

bool path_is_absolute(const char *path) {
    return path[0] == '/';
}

static bool is_dots(const char *part, size_t size) {
    return (size == 1 && part[0] == '.') || (size == 2 && part[0] == '.' && part[1] == '.');
}

bool path_is_safe(const char *relative) {
    if (strlen(relative) >= PATH_SIZE_MAX)
        return false;
    for (const char *part = relative;;) {
        size_t size = strcspn(part, "/");
        if (size == 0 || is_dots(part, size))
            return false;
        if (part[size] == '\0')
            return true;
        part += size + 1;
    }
}

char *path_join(arena *a, const char *left, const char *right) {
    if (path_is_absolute(right) || left[0] == '\0')
        return arena_strdup(a, right);
    if (right[0] == '\0')
        return arena_strdup(a, left);
    const char *separator = left[strlen(left) - 1] == '/' ? "" : "/";
    return arena_printf(a, "%s%s%s", left, separator, right);
}

char *path_parent(arena *a, const char *path) {
    size_t size = strlen(path);
    while (size > 0 && path[size - 1] == '/')
        size--;
    while (size > 0 && path[size - 1] != '/')
        size--;
    while (size > 1 && path[size - 1] == '/')
        size--;
    return size == 0 ? arena_strdup(a, path_is_absolute(path) ? "/" : ".")
                     : arena_strndup(a, path, size);
}

const char *path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool is_hive_special(unsigned char c) {
    return c < 0x20 || c == 0x7F || strchr("\"#%'*/:=?\\{[]^", c) != NULL;
}

char *path_hive_encode(arena *a, const char *text) {
    buf encoded = buf_new(a);
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (is_hive_special(c))
            buf_printf(&encoded, "%%%02X", c);
        else
            buf_char(&encoded, *at);
    }
    return encoded.text;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool path_hive_decode(arena *a, const char *text, char **ret) {
    buf decoded = buf_new(a);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '%') {
            buf_char(&decoded, *at);
            continue;
        }
        int high = hex_value(at[1]);
        int low = high < 0 ? -1 : hex_value(at[2]);
        if (low < 0 || high + low == 0)
            return false;
        buf_char(&decoded, (char)(high * 16 + low));
        at += 2;
    }
    *ret = decoded.text;
    return true;
}

bool file_exists(const char *path) {
    struct stat found;
    return stat(path, &found) == 0;
}

static status make_one(const char *path, error *err) {
    if (mkdir(path, 0777) == 0)
        return OK;
    int problem = errno;
    struct stat found;
    if (problem == EEXIST && stat(path, &found) == 0) {
        if (S_ISDIR(found.st_mode))
            return OK;
        problem = ENOTDIR;
    }
    return error_set_errno(err, problem, "cannot make the folder \"%s\"", path);
}

status dir_make(const char *path, error *err) {
    char part[PATH_SIZE_MAX];
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof part)
        return error_set_errno(err, size == 0 ? ENOENT : ENAMETOOLONG,
                               "cannot make the folder \"%s\"", path);
    memcpy(part, path, size + 1);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        TRY(make_one(part, err));
        *slash = '/';
    }
    return make_one(part, err);
}
