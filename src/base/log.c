#include "base/log.h"

#include "base/str.h"

typedef struct level_row {
    const char *prefix;
    const char *color; /* ANSI sequence before the prefix */
} level_row;

static const level_row LEVELS[] = {
    [LOG_ERROR] = {"error: ", "\033[1;31m"},
    [LOG_WARN] = {"warning: ", "\033[1;33m"},
    [LOG_INFO] = {"", ""},
    [LOG_DEBUG] = {"debug: ", "\033[2m"},
};

static bool is_dropped(const log *l, log_level level) {
    return l == NULL || l->stream == NULL || level > l->level;
}

/* Texts carry names from outside: what a terminal would act on is shown instead. */
static void write_line(const log *l, log_level level, arena *a, const char *text) {
    const level_row *row = &LEVELS[level];
    bool color = l->color && row->color[0] != '\0';
    fprintf(l->stream, "%s%s%s%s\n", color ? row->color : "", row->prefix, color ? "\033[0m" : "",
            str_printable(a, text));
}

void log_write(const log *l, log_level level, const char *format, ...) {
    if (is_dropped(l, level))
        return;
    char *text = NULL;
    va_list values;
    va_start(values, format);
    int size = vasprintf(&text, format, values);
    va_end(values);
    if (size < 0)
        return;
    ARENA_AUTO a = arena_new();
    write_line(l, level, a, text);
    free(text);
}

static void write_place(const log *l, arena *a, const error *err) {
    fprintf(l->stream, "  at %s", str_printable(a, err->file));
    if (err->line > 0)
        fprintf(l->stream, ":%d", err->line);
    if (err->line > 0 && err->column > 0)
        fprintf(l->stream, ":%d", err->column);
    fprintf(l->stream, "\n");
}

void log_error(const log *l, const error *err) {
    if (is_dropped(l, LOG_ERROR))
        return;
    ARENA_AUTO a = arena_new();
    write_line(l, LOG_ERROR, a, err->message);
    if (err->file[0] != '\0')
        write_place(l, a, err);
    if (err->hint[0] != '\0')
        fprintf(l->stream, "  hint: %s\n", str_printable(a, err->hint));
}
