#include "lake/statement.h"

#include <ctype.h>

static const char *skip_line(const char *at) {
    return at + strcspn(at, "\n");
}

/* Block comments nest. */
static const char *skip_block(const char *at) {
    int depth = 0;
    while (*at != '\0') {
        int step = 1;
        if (at[0] == '/' && at[1] == '*')
            depth++, step = 2;
        else if (at[0] == '*' && at[1] == '/')
            depth--, step = 2;
        at += step;
        if (depth == 0)
            break;
    }
    return at;
}

/* '…' and "…"; a doubled quote just begins the next one. */
static const char *skip_quoted(const char *at, bool has_escapes) {
    char quote = *at++;
    while (*at != '\0' && *at != quote)
        at += has_escapes && at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    return *at == '\0' ? at : at + 1;
}

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* $tag$…$tag$, or one character when it is no such quote. */
static const char *skip_dollar(const char *at) {
    const char *end = at + 1;
    while (is_word(*end))
        end++;
    if (*end != '$' || isdigit((unsigned char)at[1]))
        return at + 1;
    size_t size = (size_t)(end - at) + 1;
    for (const char *closing = end + 1; *closing != '\0'; closing++) {
        if (strncmp(closing, at, size) == 0)
            return closing + size;
    }
    return at + strlen(at);
}

static const char *skip_word(const char *at) {
    while (is_word(*at) || *at == '$')
        at++;
    return at;
}

static const char *skip_token(const char *at) {
    if ((*at == 'e' || *at == 'E') && at[1] == '\'')
        return skip_quoted(at + 1, true);
    if (*at == '\'' || *at == '"')
        return skip_quoted(at, false);
    if (*at == '$')
        return skip_dollar(at);
    return is_word(*at) ? skip_word(at) : at + 1;
}

const char *statement_text(arena *a, const char *text) {
    const char *end = text;
    for (const char *at = text; *at != '\0';) {
        if (at[0] == '-' && at[1] == '-') {
            at = skip_line(at);
        } else if (at[0] == '/' && at[1] == '*') {
            at = skip_block(at);
        } else if (isspace((unsigned char)*at) || *at == ';') {
            at++;
        } else {
            at = skip_token(at);
            end = at;
        }
    }
    return arena_strndup(a, text, (size_t)(end - text));
}
