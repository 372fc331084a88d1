/* str: building and comparing text.
 *
 * Text is NUL-terminated UTF-8. What comes from outside is checked once, where it enters
 * (str_is_utf8, no NUL inside). All comparisons are bytewise: the host's locale never matters. */
#ifndef WEIR_BASE_STR_H
#define WEIR_BASE_STR_H

#include "base/arena.h"
#include "base/vec.h"

/* A text builder. Owned by its arena; buf.text is always terminated, "" at the start. */
typedef struct buf {
    arena *arena;
    char *text;
    size_t size; /* without the terminator */
    size_t capacity;
} buf;

buf buf_new(arena *a);
void buf_add(buf *b, const char *text);
void buf_add_bytes(buf *b, const char *bytes, size_t size);
void buf_char(buf *b, char c);
void buf_printf(buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

static inline bool str_eq(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_is_utf8(const char *bytes, size_t size); /* also false for a NUL inside */
bool str_is_name(const char *text); /* [a-z][a-z0-9_]*, at most 63 bytes: names of layers, tables */
char *str_lower(arena *a, const char *text); /* ASCII only */
char *str_join(arena *a, const strings *parts, const char *separator);
strings str_split(arena *a, const char *text, char separator); /* "" gives one empty part */

/* Make text safe to show in one line: control characters and invalid UTF-8 as \xNN. */
char *str_printable(arena *a, const char *text);

/* The candidate nearest to text (Damerau-Levenshtein, at most a third of its length away), or
 * NULL: for "did you mean". */
const char *str_nearest(const char *text, const strings *candidates);

/* Shell-style pattern with *, ? and [..]; '*' does not cross '/'. */
bool str_matches_glob(const char *pattern, const char *text);

/* SQL text: the one place that quotes. Literals get '…' with '' inside, identifiers always "…". */
void buf_sql_literal(buf *b, const char *text);
void buf_sql_identifier(buf *b, const char *name);
char *sql_literal(arena *a, const char *text);
char *sql_identifier(arena *a, const char *name);

#endif
