#include "base/hash.h"

#include <openssl/evp.h>

struct hasher {
    EVP_MD_CTX *context;
};

/* Each field begins with what it is, so that no two lists of fields give the same bytes. */
enum { TAG_NULL = 'N', TAG_TEXT = 'T', TAG_INT = 'I', TAG_SIZE = 9 };

hasher *hasher_new(void) {
    hasher *h = malloc(sizeof *h);
    ASSERT(h != NULL);
    h->context = EVP_MD_CTX_new();
    ASSERT(h->context != NULL);
    ASSERT(EVP_DigestInit_ex(h->context, EVP_sha256(), NULL) == 1);
    return h;
}

void hasher_free(hasher *h) {
    if (h == NULL)
        return;
    EVP_MD_CTX_free(h->context);
    free(h);
}

void hasher_bytes(hasher *h, const void *data, size_t size) {
    if (size > 0)
        ASSERT(EVP_DigestUpdate(h->context, data, size) == 1);
}

/* Little endian whatever the machine: fingerprints are stored and compared elsewhere. */
static void add_tag(hasher *h, unsigned char tag, uint64_t value) {
    unsigned char bytes[TAG_SIZE] = {tag};
    for (size_t i = 1; i < TAG_SIZE; i++, value >>= 8)
        bytes[i] = (unsigned char)(value & 0xFF);
    hasher_bytes(h, bytes, sizeof bytes);
}

void hasher_text(hasher *h, const char *text) {
    if (text == NULL) {
        add_tag(h, TAG_NULL, 0);
        return;
    }
    size_t size = strlen(text);
    add_tag(h, TAG_TEXT, size);
    hasher_bytes(h, text, size);
}

void hasher_int(hasher *h, int64_t value) {
    add_tag(h, TAG_INT, (uint64_t)value);
}

static void to_hex(const unsigned char *bytes, size_t size, char *text) {
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = DIGITS[bytes[i] >> 4];
        text[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    text[2 * size] = '\0';
}

void hasher_finish(hasher *h, char text[SHA256_TEXT_SIZE]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ASSERT(EVP_DigestFinal_ex(h->context, digest, &size) == 1);
    ASSERT(size == (SHA256_TEXT_SIZE - 1) / 2);
    to_hex(digest, size, text);
}

void sha256_text(const void *data, size_t size, char text[SHA256_TEXT_SIZE]) {
    hasher *h = hasher_new();
    hasher_bytes(h, data, size);
    hasher_finish(h, text);
    hasher_free(h);
}
