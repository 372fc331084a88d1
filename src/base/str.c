#include "base/str.h"

#include <fnmatch.h>

enum { NAME_SIZE_MAX = 63, BUF_SIZE_MIN = 64 };

buf buf_new(arena *a) {
    return (buf){.arena = a, .text = arena_alloc(a, BUF_SIZE_MIN), .capacity = BUF_SIZE_MIN};
}

/* Room for size more bytes and the terminator. */
static void reserve(buf *b, size_t size) {
    ASSERT(size < SIZE_MAX / 4);
    size_t wanted = b->size + size + 1;
    if (wanted <= b->capacity)
        return;
    size_t capacity = b->capacity * 2 > wanted ? b->capacity * 2 : wanted;
    char *moved = arena_alloc(b->arena, capacity);
    memcpy(moved, b->text, b->size);
    b->text = moved;
    b->capacity = capacity;
}

void buf_add_bytes(buf *b, const char *bytes, size_t size) {
    reserve(b, size);
    if (size > 0)
        memcpy(b->text + b->size, bytes, size);
    b->size += size;
    b->text[b->size] = '\0';
}

void buf_add(buf *b, const char *text) {
    buf_add_bytes(b, text, strlen(text));
}

void buf_char(buf *b, char c) {
    buf_add_bytes(b, &c, 1);
}

void buf_printf(buf *b, const char *format, ...) {
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    int size = vsnprintf(NULL, 0, format, values);
    ASSERT(size >= 0);
    reserve(b, (size_t)size);
    vsnprintf(b->text + b->size, (size_t)size + 1, format, again);
    b->size += (size_t)size;
    va_end(again);
    va_end(values);
}

bool str_starts(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix) {
    size_t text_size = strlen(text), suffix_size = strlen(suffix);
    return text_size >= suffix_size && strcmp(text + text_size - suffix_size, suffix) == 0;
}

static bool are_continuations(const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if ((bytes[i] & 0xC0) != 0x80)
            return false;
    return true;
}

/* The size of the valid UTF-8 sequence at bytes (RFC 3629: nothing overlong, no surrogates, at
 * most U+10FFFF), 0 when there is none. */
static size_t sequence_size(const unsigned char *bytes, size_t left) {
    unsigned char lead = bytes[0];
    if (lead < 0x80)
        return 1;
    size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || size > left || !are_continuations(bytes + 1, size - 1))
        return 0;
    unsigned char second = bytes[1];
    bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    bool surrogate = lead == 0xED && second > 0x9F;
    bool too_large = lead == 0xF4 && second > 0x8F;
    return overlong || surrogate || too_large ? 0 : size;
}

bool str_is_utf8(const char *bytes, size_t size) {
    const unsigned char *at = (const unsigned char *)bytes;
    while (size > 0) {
        size_t step = *at == '\0' ? 0 : sequence_size(at, size);
        if (step == 0)
            return false;
        at += step;
        size -= step;
    }
    return true;
}

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool str_is_name(const char *text) {
    if (!is_lower(text[0]))
        return false;
    size_t size = 1;
    while (is_lower(text[size]) || (text[size] >= '0' && text[size] <= '9') || text[size] == '_')
        size++;
    return text[size] == '\0' && size <= NAME_SIZE_MAX;
}

char *str_lower(arena *a, const char *text) {
    char *lower = arena_strdup(a, text);
    for (char *c = lower; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return lower;
}

char *str_join(arena *a, const strings *parts, const char *separator) {
    buf joined = buf_new(a);
    for (size_t i = 0; i < parts->count; i++) {
        if (i > 0)
            buf_add(&joined, separator);
        buf_add(&joined, parts->items[i]);
    }
    return joined.text;
}

strings str_split(arena *a, const char *text, char separator) {
    strings parts = {0};
    for (;;) {
        const char *end = strchr(text, separator);
        if (end == NULL)
            break;
        vec_push(a, &parts, arena_strndup(a, text, (size_t)(end - text)));
        text = end + 1;
    }
    vec_push(a, &parts, arena_strdup(a, text));
    return parts;
}

/* C0, DEL and, as two bytes, C1: what a terminal acts on instead of showing it. */
static bool is_control(const unsigned char *at, size_t size) {
    return at[0] < 0x20 || at[0] == 0x7F || (size == 2 && at[0] == 0xC2 && at[1] < 0xA0);
}

char *str_printable(arena *a, const char *text) {
    buf shown = buf_new(a);
    size_t left = strlen(text);
    const char *at = text;
    while (left > 0) {
        const unsigned char *bytes = (const unsigned char *)at;
        size_t size = sequence_size(bytes, left);
        size_t step = size == 0 ? 1 : size;
        if (size != 0 && !is_control(bytes, size))
            buf_add_bytes(&shown, at, size);
        else
            for (size_t i = 0; i < step; i++)
                buf_printf(&shown, "\\x%02X", bytes[i]);
        at += step;
        left -= step;
    }
    return shown.text;
}

bool str_matches_glob(const char *pattern, const char *text) {
    return fnmatch(pattern, text, FNM_PATHNAME) == 0;
}

static void add_quoted(buf *b, const char *text, char quote) {
    buf_char(b, quote);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == quote)
            buf_char(b, quote);
        buf_char(b, *c);
    }
    buf_char(b, quote);
}

void buf_sql_literal(buf *b, const char *text) {
    add_quoted(b, text, '\'');
}

void buf_sql_identifier(buf *b, const char *name) {
    add_quoted(b, name, '"');
}

char *sql_literal(arena *a, const char *text) {
    buf b = buf_new(a);
    buf_sql_literal(&b, text);
    return b.text;
}

char *sql_identifier(arena *a, const char *name) {
    buf b = buf_new(a);
    buf_sql_identifier(&b, name);
    return b.text;
}
