#include "ledger/postgres/text.h"

/* U+10FF00 + byte is F4 8F BC 80 to F4 8F BF BF. */
static const char LEAD[] = "\xF4\x8F";
enum { LEAD_SIZE = 2, REPLACED_SIZE = 4, THIRD = 0xBC, CONTINUED = 0x80, SIX_BITS = 0x3F };

static bool is_replaced(const char *at) {
    return at[0] == LEAD[0] && at[1] == LEAD[1] && (unsigned char)at[2] >= THIRD && at[3] != '\0';
}

bool text_is_replaced(const char *text) {
    for (const char *at = strchr(text, LEAD[0]); at != NULL; at = strchr(at + 1, LEAD[0]))
        if (is_replaced(at))
            return true;
    return false;
}

static size_t size_by_lead(unsigned char lead) {
    if (lead < 0x80)
        return 1;
    if (lead < 0xE0)
        return 2;
    return lead < 0xF0 ? 3 : 4;
}

/* Of the character there; 0: the byte is part of none, or of one that stands for a byte. */
static size_t character_size(const char *at, size_t left) {
    size_t size = size_by_lead((unsigned char)*at);
    if (size > left || !str_is_utf8(at, size) || (size == REPLACED_SIZE && is_replaced(at)))
        return 0;
    return size;
}

static void add_replaced(buf *out, unsigned char byte) {
    buf_add_bytes(out, LEAD, LEAD_SIZE);
    buf_char(out, (char)(THIRD + (byte >> 6)));
    buf_char(out, (char)(CONTINUED + (byte & SIX_BITS)));
}

const char *text_for_database(arena *a, const char *bytes) {
    size_t size = strlen(bytes);
    if (str_is_utf8(bytes, size) && !text_is_replaced(bytes))
        return bytes;
    buf out = buf_new(a);
    for (const char *at = bytes; at < bytes + size;) {
        size_t taken = character_size(at, (size_t)(bytes + size - at));
        if (taken > 0)
            buf_add_bytes(&out, at, taken);
        else
            add_replaced(&out, (unsigned char)*at);
        at += taken > 0 ? taken : 1;
    }
    return out.text;
}

const char *text_from_database(arena *a, const char *text) {
    if (!text_is_replaced(text))
        return text;
    buf out = buf_new(a);
    for (const char *at = text; *at != '\0';) {
        if (!is_replaced(at)) {
            buf_char(&out, *at++);
            continue;
        }
        unsigned high = (unsigned char)at[2] - THIRD, low = (unsigned char)at[3] & SIX_BITS;
        buf_char(&out, (char)((high << 6) + low));
        at += REPLACED_SIZE;
    }
    return out.text;
}
