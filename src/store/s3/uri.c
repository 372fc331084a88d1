#include "store/s3/uri.h"

#include "base/path.h"

#include <ctype.h>

enum { BUCKET_SIZE_MIN = 3, BUCKET_SIZE_MAX = 63 };
static const char SCHEME[] = "s3://";

static bool is_bucket(const char *name) {
    size_t size = strlen(name);
    if (size < BUCKET_SIZE_MIN || size > BUCKET_SIZE_MAX)
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (islower((unsigned char)*c) == 0 && isdigit((unsigned char)*c) == 0
            && strchr(".-_", *c) == NULL)
            return false;
    return isalnum((unsigned char)name[0]) != 0 && isalnum((unsigned char)name[size - 1]) != 0;
}

bool s3_bucket_is_label(const char *bucket) {
    return is_bucket(bucket) && strchr(bucket, '.') == NULL && strchr(bucket, '_') == NULL;
}

const char *s3_domain(const char *region) {
    return str_starts(region, "cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

status s3_place_parse(const char *url, arena *a, s3_place *ret, error *err) {
    ASSERT(str_starts(url, SCHEME));
    const char *rest = url + strlen(SCHEME);
    size_t size = strcspn(rest, "/");
    s3_place place = {.bucket = arena_strndup(a, rest, size), .prefix = arena_strdup(a, "")};
    if (!is_bucket(place.bucket)) {
        error_set(err, E_DEFINITION, "\"%s\" does not name a bucket", url);
        error_hint(err, "Write s3://bucket/prefix; a bucket's name is 3 to 63 of a-z, 0-9, '.', "
                        "'-' and '_'.");
        return E_DEFINITION;
    }
    rest += size;
    rest += rest[0] == '/';
    size = strlen(rest);
    if (size > 0 && rest[size - 1] == '/')
        size--;
    if (size > 0) {
        char *prefix = arena_strndup(a, rest, size);
        if (!path_is_safe(prefix))
            return error_set(err, E_DEFINITION, "\"%s\" does not name a place below its bucket",
                             url);
        place.prefix = arena_printf(a, "%s/", prefix);
    }
    *ret = place;
    return OK;
}

static bool is_plain(char c) {
    return isalnum((unsigned char)c) != 0 || strchr("-._~", c) != NULL;
}

char *s3_encode(arena *a, const char *text, bool keep_slashes) {
    buf out = buf_new(a);
    for (const char *c = text; *c != '\0'; c++) {
        if (is_plain(*c) || (keep_slashes && *c == '/'))
            buf_char(&out, *c);
        else
            buf_printf(&out, "%%%02X", (unsigned)(unsigned char)*c);
    }
    return out.text;
}

static int digit_of(char c) {
    static const char DIGITS[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(DIGITS, tolower((unsigned char)c));
    return found == NULL ? -1 : (int)(found - DIGITS);
}

/* A '+' is itself: S3 writes blanks as '+' in listings only where keys hold blanks, and keys with
 * a '+' as %2B. */
bool s3_decode(arena *a, const char *text, char **ret) {
    buf out = buf_new(a);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != '%') {
            buf_char(&out, *c == '+' ? ' ' : *c);
            continue;
        }
        int high = digit_of(c[1]);
        int low = high < 0 ? -1 : digit_of(c[2]);
        if (low < 0 || high + low == 0)
            return false;
        buf_char(&out, (char)(high * 16 + low));
        c += 2;
    }
    *ret = out.text;
    return true;
}

static int compare_pairs(const void *left, const void *right) {
    const s3_pair *l = left, *r = right;
    int names = strcmp(l->name, r->name);
    return names != 0 ? names : strcmp(l->value, r->value);
}

char *s3_canonical_query(arena *a, const s3_pairs *query) {
    s3_pair *encoded = ARENA_ARRAY(a, s3_pair, query->count);
    for (size_t i = 0; i < query->count; i++)
        encoded[i] = (s3_pair){s3_encode(a, query->items[i].name, false),
                               s3_encode(a, query->items[i].value, false)};
    if (query->count > 1)
        qsort(encoded, query->count, sizeof *encoded, compare_pairs);
    buf out = buf_new(a);
    for (size_t i = 0; i < query->count; i++)
        buf_printf(&out, "%s%s=%s", i == 0 ? "" : "&", encoded[i].name, encoded[i].value);
    return out.text;
}

static bool is_host(const char *host) {
    for (const char *c = host; *c != '\0'; c++)
        if (isalnum((unsigned char)*c) == 0 && strchr(".-_:[]", *c) == NULL)
            return false;
    return host[0] != '\0';
}

static char *without_usual_port(arena *a, const char *host, bool tls) {
    const char *port = tls ? ":443" : ":80";
    return arena_strndup(a, host, strlen(host) - (str_ends(host, port) ? strlen(port) : 0));
}

status s3_endpoint_parse(const char *url, arena *a, s3_endpoint *ret, error *err) {
    bool tls = str_starts(url, "https://");
    const char *host = tls                          ? url + strlen("https://")
                       : str_starts(url, "http://") ? url + strlen("http://")
                                                    : "";
    size_t size = strlen(host);
    char *name = arena_strndup(a, host, size > 0 && host[size - 1] == '/' ? size - 1 : size);
    if (!is_host(name)) {
        error_set(err, E_DEFINITION, "the endpoint \"%s\" is no address of a host", url);
        error_hint(err, "Write http://host:port or https://host in AWS_ENDPOINT_URL.");
        return E_DEFINITION;
    }
    *ret = (s3_endpoint){.tls = tls, .host = without_usual_port(a, name, tls)};
    return OK;
}
