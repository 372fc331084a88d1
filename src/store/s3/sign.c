#include "store/s3/sign.h"

#include "base/hash.h"
#include "base/number.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { MAC_SIZE = 32, DAY_SIZE = 8 };

/* "2013-05-24T00:00:00Z" without its punctuation and microseconds. */
void s3_date(int64_t now_us, char text[S3_DATE_SIZE]) {
    char full[TIME_TEXT_SIZE];
    time_text(now_us - now_us % 1000000, full);
    size_t size = 0;
    for (const char *c = full; *c != '\0' && size + 1 < S3_DATE_SIZE; c++)
        if (*c != '-' && *c != ':')
            text[size++] = *c;
    text[size] = '\0';
}

static void mac(const void *key, size_t key_size, const char *text, unsigned char out[MAC_SIZE]) {
    unsigned size = 0;
    ASSERT(HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text), out,
                &size)
           != NULL);
    ASSERT(size == MAC_SIZE);
}

static void derive_key(const s3_to_sign *what, arena *a, unsigned char key[MAC_SIZE]) {
    char *first = arena_printf(a, "AWS4%s", what->secret_key);
    char *day = arena_strndup(a, what->date, DAY_SIZE);
    mac(first, strlen(first), day, key);
    mac(key, MAC_SIZE, what->region, key);
    mac(key, MAC_SIZE, what->service, key);
    mac(key, MAC_SIZE, "aws4_request", key);
    OPENSSL_cleanse(first, strlen(first));
}

static int compare_names(const void *left, const void *right) {
    return strcmp(((const s3_pair *)left)->name, ((const s3_pair *)right)->name);
}

/* What the signature is made of, and the list of signed names. */
static char *canonical_request(const s3_to_sign *what, arena *a, char **ret_names) {
    size_t count = what->headers->count;
    s3_pair *sorted = arena_memdup(a, what->headers->items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_names);
    buf request = buf_new(a), names = buf_new(a);
    buf_printf(&request, "%s\n%s\n%s\n", what->method, what->path, what->query);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&request, "%s:%s\n", sorted[i].name, sorted[i].value);
        buf_printf(&names, "%s%s", i == 0 ? "" : ";", sorted[i].name);
    }
    buf_printf(&request, "\n%s\n%s", names.text, what->body_sha256);
    *ret_names = names.text;
    return request.text;
}

static char *hex(arena *a, const unsigned char *bytes, size_t size) {
    buf out = buf_new(a);
    for (size_t i = 0; i < size; i++)
        buf_printf(&out, "%02x", (unsigned)bytes[i]);
    return out.text;
}

char *s3_md5(arena *a, const void *body, size_t size) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    ASSERT(EVP_Digest(body, size, digest, &digest_size, EVP_md5(), NULL) == 1);
    char *text = arena_alloc(a, 2 * EVP_MAX_MD_SIZE);
    EVP_EncodeBlock((unsigned char *)text, digest, (int)digest_size);
    return text;
}

char *s3_authorization(const s3_to_sign *what, arena *a) {
    ASSERT(strlen(what->date) == S3_DATE_SIZE - 1 && what->headers->count > 0);
    char *names = NULL;
    char *request = canonical_request(what, a, &names);
    char request_sha256[SHA256_TEXT_SIZE];
    sha256_text(request, strlen(request), request_sha256);
    char *scope = arena_printf(a, "%.*s/%s/%s/aws4_request", DAY_SIZE, what->date, what->region,
                               what->service);
    char *text = arena_printf(a, "AWS4-HMAC-SHA256\n%s\n%s\n%s", what->date, scope, request_sha256);
    unsigned char key[MAC_SIZE], signature[MAC_SIZE];
    derive_key(what, a, key);
    mac(key, MAC_SIZE, text, signature);
    OPENSSL_cleanse(key, sizeof key);
    return arena_printf(a, "AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=%s",
                        what->access_key, scope, names, hex(a, signature, MAC_SIZE));
}
