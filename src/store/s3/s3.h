/* s3: a store in a bucket, below a prefix; shared by the files of this driver only.
 *
 * The rest of Weir sees the store interface. One place builds requests and decides that a reply is
 * an error (request.c); one thread uses a state. */
#ifndef WEIR_STORE_S3_S3_H
#define WEIR_STORE_S3_S3_H

#include "base/clock.h"
#include "store/driver.h"
#include "store/s3/config.h"

enum {
    S3_REPLY_MAX = 16 * 1024 * 1024, /* of a listing, an error, … */
    S3_PAGE_KEYS = 1000,             /* S3's own bound on keys per listing and per delete */
    S3_NOTED_NAME_MAX = 1536,        /* bytes; S3 allows 2 KB for all of an object's metadata */
};

/* Metadata that Weir gives its objects. */
#define S3_META_SHA256 "x-amz-meta-weir-sha256" /* of the whole body: compared when read */
#define S3_META_WRITE  "x-amz-meta-weir-write"  /* of one conditional write: whose it was */
#define S3_META_NAME   "x-amz-meta-weir-name"   /* as it was delivered, percent-encoded */

/* What the world around a state is, so that tests own it. */
typedef struct s3_options {
    s3_lookup environment;
    const clock_source *clock;
} s3_options;

typedef struct s3 {
    arena *arena; /* of the configuration */
    s3_place place;
    s3_config config;
    http_client *http;
    s3_chain *chain;
    const clock_source *clock;
    int64_t requests; /* sent so far, with those that were sent again */
} s3;

/* options.clock is borrowed. Nothing is sent yet. */
CHECKED status s3_open(const char *root, s3_options options, s3 **ret, error *err);
void s3_close(void *state);

typedef struct s3_request {
    const char *method;
    const char *key; /* in the bucket; NULL: the bucket itself */
    s3_pairs query;
    s3_pairs headers; /* lower case, beside those of the signature */
    const void *body;
    size_t body_size;
    size_t reply_max;                  /* 0: S3_REPLY_MAX */
    http_sink sink;                    /* for the body of a success; NULL: into the reply */
    void (*sink_restart)(void *state); /* what it took is void: all comes again */
    void *sink_state;
    const char *need;     /* XML path without which a 200 is a failure; NULL: none */
    const char *write_id; /* what S3_META_WRITE of the object will be: sending it twice can collide
                             with itself, so that it is looked for first. NULL: it cannot */
    bool if_absent;       /* with write_id: an object of somebody else's settles it, E_EXISTS */
} s3_request;

/* One request with its repetitions. Kinds by status: 404 E_NOT_FOUND, 401 and 403
 * E_DENIED, 412 E_EXISTS, 507 E_FULL, else E_IO. doing: what errors say, "read". With write_id the
 * reply is of no use. */
CHECKED status s3_call(s3 *s, const s3_request *request, const char *doing, arena *a,
                       http_reply **ret, error *err);

/* The same in two halves; between them the other end works. Only the second half tries again. */
typedef struct s3_pending s3_pending;
CHECKED status s3_begin(s3 *s, const s3_request *request, const char *doing, arena *a,
                        s3_pending **ret, error *err);
CHECKED status s3_finish(s3_pending *p, http_reply **ret, error *err);
void s3_drop(s3_pending *p); /* NULL and what is finished are allowed */

/* What an object is noted with. NULL: nothing of that. A name too long for S3 is left out. */
void s3_note(arena *a, s3_pairs *headers, const char *name, const char *sha256);

char *s3_full_key(const s3 *s, arena *a, const char *key);
char *s3_url(void *state, arena *a, const char *key); /* s3://… */

/* The calls of the driver (store.h), by file. */
status s3_put(void *state, const char *key, const void *body, size_t size,
              store_put_options options, error *err);
status s3_get(void *state, const char *key, size_t max_size, arena *a, char **ret_body,
              size_t *ret_size, error *err);
status s3_info(void *state, const char *key, arena *a, store_object *ret, error *err);
status s3_seal(void *state, const char *key, error *err);
status s3_remove(void *state, const char *key, error *err);
status s3_remove_same(void *state, const char *key, const char *tag, error *err);
status s3_put_file(void *state, const char *key, int fd, store_put_options options,
                   char ret_sha256[65], int64_t *ret_size, error *err);
status s3_copy(void *from, const char *from_key, void *to, const char *to_key,
               store_copy_options options, error *err);
status s3_get_file(void *state, const char *key, int fd, char ret_sha256[65], int64_t *ret_size,
                   error *err);
status s3_list(void *state, const char *prefix, arena *a, store_objects *ret, error *err);
status s3_next(void *state, const char *prefix, const char *after, arena *a, char **ret,
               error *err);
status s3_remove_prefix(void *state, const char *prefix, error *err);
status s3_sweep(void *state, error *err);

#endif
