#include "cli/progress.h"

#include "base/str.h"

#include <sys/ioctl.h>
#include <unistd.h>

enum {
    QUIET_AT_FIRST_US = 300000, /* work that is over by then shows nothing */
    BAR_EVERY_US = 100000,
    PLAIN_EVERY_US = 2000000,
    BAR_CELLS = 24,
    COLUMNS_DEFAULT = 80,
    LINE_MAX_BYTES = 1024,
};

struct progress {
    FILE *stream;
    FILE *log;
    progress_mode mode;
    const clock_source *clock;
    int64_t started_us, shown_us;
    bool visible; /* a bar stands on the terminal's current line */
};

progress_mode progress_mode_of(const char *name, FILE *stream) {
    if (name != NULL && str_eq(name, "none"))
        return PROGRESS_NONE;
    if (name != NULL && str_eq(name, "plain"))
        return PROGRESS_PLAIN;
    const char *terminal = getenv("TERM");
    bool can = terminal != NULL && !str_eq(terminal, "dumb") && isatty(fileno(stream)) == 1;
    return can ? PROGRESS_BAR : PROGRESS_NONE;
}

static ssize_t log_through(void *cookie, const char *bytes, size_t size) {
    progress *p = cookie;
    progress_clear(p);
    size_t written = fwrite(bytes, 1, size, p->stream);
    fflush(p->stream);
    return written == 0 && size > 0 ? -1 : (ssize_t)written;
}

progress *progress_new(FILE *stream, progress_mode mode, const clock_source *clock) {
    progress *p = calloc(1, sizeof *p);
    ASSERT(p != NULL);
    int64_t now = clock_monotonic_us(clock);
    *p = (progress){.stream = stream, .mode = mode, .clock = clock, .started_us = now};
    p->shown_us = now;
    p->log = fopencookie(p, "w", (cookie_io_functions_t){.write = log_through});
    ASSERT(p->log != NULL);
    setvbuf(p->log, NULL, _IOLBF, 0);
    return p;
}

void progress_free(progress *p) {
    if (p == NULL)
        return;
    fclose(p->log);
    progress_clear(p);
    free(p);
}

FILE *progress_log_stream(progress *p) {
    return p->log;
}

void progress_clear(progress *p) {
    if (!p->visible)
        return;
    fputs("\r\033[K", p->stream);
    fflush(p->stream);
    p->visible = false;
}

static size_t terminal_columns(FILE *stream) {
    struct winsize size = {0};
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

/* "landing 12/40": the part that the bar and the plain line share. */
static void add_count(buf *b, progress_state s) {
    buf_add(b, s.what);
    if (s.total > 0)
        buf_printf(b, " %zu/%zu", s.done, s.total);
    else if (s.done > 0)
        buf_printf(b, " %zu", s.done);
}

static void add_bar(buf *b, progress_state s) {
    size_t done = s.done < s.total ? s.done : s.total;
    size_t filled = (size_t)((double)done / (double)s.total * BAR_CELLS);
    buf_add(b, " [");
    for (size_t i = 0; i < BAR_CELLS; i++)
        buf_char(b, i < filled ? '#' : '.');
    buf_char(b, ']');
}

/* Cut to the width of the line, never inside a character. */
static void cut(buf *b, size_t columns) {
    if (b->size < columns)
        return;
    size_t size = columns - 1;
    while (size > 0 && ((unsigned char)b->text[size] & 0xC0) == 0x80)
        size--;
    b->text[size] = '\0';
    b->size = size;
}

static void show_line(progress *p, progress_state s) {
    ARENA_AUTO a = arena_new();
    buf line = buf_new(a);
    add_count(&line, s);
    if (p->mode == PROGRESS_BAR && s.total > 0)
        add_bar(&line, s);
    if (s.detail != NULL)
        buf_printf(&line, " %s", str_printable(a, s.detail));
    cut(&line, p->mode == PROGRESS_BAR ? terminal_columns(p->stream) : LINE_MAX_BYTES);
    if (p->mode == PROGRESS_BAR)
        fprintf(p->stream, "\r%s\033[K", line.text);
    else
        fprintf(p->stream, "%s\n", line.text);
    fflush(p->stream);
    p->visible = p->mode == PROGRESS_BAR;
}

void progress_show(progress *p, progress_state s) {
    if (p->mode == PROGRESS_NONE)
        return;
    int64_t now = clock_monotonic_us(p->clock);
    int64_t every = p->mode == PROGRESS_BAR ? BAR_EVERY_US : PLAIN_EVERY_US;
    if (now - p->started_us < QUIET_AT_FIRST_US || now - p->shown_us < every)
        return;
    p->shown_us = now;
    show_line(p, s);
}
