#include "base/error.h"

#include <errno.h>

typedef struct kind_row {
    const char *name;
    int exit_code;
} kind_row;

static const kind_row KINDS[STATUS_COUNT] = {
    [OK] = {"ok", 0},
    [E_USAGE] = {"usage", 2},
    [E_DEFINITION] = {"definition", 2},
    [E_FOREIGN] = {"foreign", 2},
    [E_NOT_FOUND] = {"not_found", 1},
    [E_EXISTS] = {"exists", 1},
    [E_DENIED] = {"denied", 1},
    [E_FULL] = {"full", 1},
    [E_IO] = {"io", 1},
    [E_DATA] = {"data", 1},
    [E_CHANGED] = {"changed", 1},
    [E_ENGINE] = {"engine", 1},
    [E_CHECK] = {"check", 3},
    [E_BUSY] = {"busy", 4},
    [E_INTERRUPTED] = {"interrupted", 5},
    [E_UNCERTAIN] = {"uncertain", 1},
};

/* A text cut in the middle of a UTF-8 sequence would be refused by every JSON reader. */
static void drop_cut_character(char *text, size_t size) {
    size_t start = size;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (size - (start - 1) < wanted)
        text[start - 1] = '\0';
}

/* The values may point into the target itself (an error that wraps itself), so go over a copy. */
static PRINTF_LIKE(3, 0) void format_into(char *target, size_t target_size, const char *format,
                                          va_list values) {
    char text[ERROR_MESSAGE_MAX];
    ASSERT(target_size <= sizeof text);
    int wanted = vsnprintf(text, target_size, format, values);
    if (wanted < 0)
        text[0] = '\0';
    size_t size = strlen(text);
    if ((size_t)wanted > size)
        drop_cut_character(text, size);
    memcpy(target, text, size + 1);
}

static PRINTF_LIKE(3, 0) void start_error(error *err, status kind, const char *format,
                                          va_list values) {
    format_into(err->message, sizeof err->message, format, values);
    err->kind = kind;
    err->hint[0] = '\0';
    err->file[0] = '\0';
    err->line = 0;
    err->column = 0;
}

status error_set(error *err, status kind, const char *format, ...) {
    ASSERT(kind > OK && kind < STATUS_COUNT);
    if (err == NULL)
        return kind;
    va_list values;
    va_start(values, format);
    start_error(err, kind, format, values);
    va_end(values);
    return kind;
}

static status kind_of_errno(int errno_value) {
    switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
        return E_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return E_DENIED;
    case ENOENT:
        return E_NOT_FOUND;
    case EEXIST:
        return E_EXISTS;
    default:
        return E_IO;
    }
}

/* What to do where the system says no, whatever was to be done; NULL when only the caller knows. */
static const char *hint_of_kind(status kind) {
    if (kind == E_FULL)
        return "Make room on its file system, then run again.";
    return kind == E_DENIED ? "Let this user read and write there, or run as its owner." : NULL;
}

static void append_message(error *err, const char *text) {
    size_t size = strlen(err->message);
    size_t room = sizeof err->message - size;
    snprintf(err->message + size, room, ": %s", text);
}

status error_set_errno(error *err, int errno_value, const char *format, ...) {
    status kind = kind_of_errno(errno_value);
    if (err == NULL)
        return kind;
    va_list values;
    va_start(values, format);
    start_error(err, kind, format, values);
    va_end(values);
    append_message(err, strerror(errno_value));
    if (hint_of_kind(kind) != NULL)
        error_hint(err, "%s", hint_of_kind(kind));
    return kind;
}

void error_hint(error *err, const char *format, ...) {
    if (err == NULL)
        return;
    va_list values;
    va_start(values, format);
    format_into(err->hint, sizeof err->hint, format, values);
    va_end(values);
}

static PRINTF_LIKE(3, 4) void format_text(char *target, size_t size, const char *format, ...) {
    va_list values;
    va_start(values, format);
    format_into(target, size, format, values);
    va_end(values);
}

void error_at(error *err, const char *file, int line, int column) {
    if (err == NULL)
        return;
    format_text(err->file, sizeof err->file, "%s", file);
    err->line = line;
    err->column = column;
}

void error_prefix(error *err, const char *format, ...) {
    if (err == NULL)
        return;
    char prefix[ERROR_MESSAGE_MAX];
    va_list values;
    va_start(values, format);
    format_into(prefix, sizeof prefix, format, values);
    va_end(values);
    format_text(err->message, sizeof err->message, "%s: %s", prefix, err->message);
}

status error_pass(status result, const error *why, error *err) {
    if (result != OK && err != NULL)
        *err = *why;
    return result;
}

const char *status_name(status kind) {
    ASSERT(kind < STATUS_COUNT);
    return KINDS[kind].name;
}

int status_exit_code(status kind) {
    ASSERT(kind < STATUS_COUNT);
    return KINDS[kind].exit_code;
}
