/* hash: fingerprints of bytes and of structured values.
 *
 * sha256 (FIPS 180-4, by OpenSSL) is identity: two things with one sha256 are the same thing.
 * A hasher joins fields with their lengths, so that ("ab","c") and ("a","bc") differ. */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#include "base/arena.h"

enum { SHA256_TEXT_SIZE = 65 }; /* lower-case hex and the terminator */

typedef struct hasher hasher;

hasher *hasher_new(void);
void hasher_free(hasher *h);                                 /* NULL is allowed */
void hasher_bytes(hasher *h, const void *data, size_t size); /* raw, without a length: for files */
void hasher_text(hasher *h, const char *text); /* length and text; NULL differs from "" */
void hasher_int(hasher *h, int64_t value);
void hasher_finish(hasher *h,
                   char text[SHA256_TEXT_SIZE]); /* the hasher is then only to be freed */

void sha256_text(const void *data, size_t size, char text[SHA256_TEXT_SIZE]);

#endif
