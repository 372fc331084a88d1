#include "store/s3/s3.h"

#include "base/crash.h"
#include "base/number.h"
#include "store/s3/sign.h"
#include "store/s3/xml.h"

/* One page of a listing as it is read. */
typedef struct page {
    const s3 *s3;
    arena *arena; /* of the objects */
    store_objects *objects;
    store_object current;
    bool is_broken; /* something that is no listing of keys below our prefix */
    bool is_more;
    char *token; /* of the next page */
} page;

static void take_key(page *p, const char *text) {
    char *key = NULL;
    size_t size = strlen(p->s3->place.prefix);
    if (!s3_decode(p->arena, text, &key) || !str_starts(key, p->s3->place.prefix)) {
        p->is_broken = true;
        return;
    }
    p->current.key = key + size;
}

static void take_number(page *p, const char *text) {
    p->is_broken =
        p->is_broken || !number_int64(text, &p->current.size_bytes) || p->current.size_bytes < 0;
}

static void take_time(page *p, const char *text) {
    p->is_broken = p->is_broken || !number_time(text, &p->current.modified_us);
}

/* Some tools leave empty objects whose keys end in '/' where they made a folder: not ours. */
static void take_object(page *p) {
    const char *key = p->current.key;
    if (key == NULL)
        p->is_broken = true;
    else if (key[0] != '\0' && !str_ends(key, "/"))
        vec_push(p->arena, p->objects, p->current);
    p->current = (store_object){.read_only = true};
}

static void take_tag(page *p, const char *text) {
    p->current.tag = arena_strdup(p->arena, text);
}

static void take_more(page *p, const char *text) {
    p->is_more = str_eq(text, "true");
}

static void take_token(page *p, const char *text) {
    p->token = arena_strdup(p->arena, text);
}

static void take_element(void *state, const char *path, const char *text) {
    static const struct {
        const char *path;
        void (*take)(page *p, const char *text);
    } ELEMENTS[] = {
        {"ListBucketResult/Contents/Key", take_key},
        {"ListBucketResult/Contents/Size", take_number},
        {"ListBucketResult/Contents/LastModified", take_time},
        {"ListBucketResult/Contents/ETag", take_tag},
        {"ListBucketResult/IsTruncated", take_more},
        {"ListBucketResult/NextContinuationToken", take_token},
    };
    page *p = state;
    if (str_eq(path, "ListBucketResult/Contents"))
        take_object(p);
    for (size_t i = 0; i < ARRAY_SIZE(ELEMENTS); i++)
        if (str_eq(path, ELEMENTS[i].path))
            ELEMENTS[i].take(p, text);
}

static status begin_page(s3 *s, const char *prefix, const char *token, arena *a, s3_pending **ret,
                         error *err) {
    s3_request list = {.method = "GET"};
    vec_push(a, &list.query, ((s3_pair){"list-type", "2"}));
    vec_push(a, &list.query, ((s3_pair){"encoding-type", "url"}));
    vec_push(a, &list.query, ((s3_pair){"prefix", s3_full_key(s, a, prefix)}));
    if (token != NULL)
        vec_push(a, &list.query, ((s3_pair){"continuation-token", token}));
    return s3_begin(s, &list, "list", a, ret, err);
}

/* Where the next page begins is looked for first: it is asked for before the keys are read. */
static status begin_next(s3 *s, const char *prefix, const http_reply *reply, arena *a,
                         s3_pending **ret, error *err) {
    char *token =
        xml_text(reply->body, reply->body_size, "ListBucketResult/NextContinuationToken", a);
    *ret = NULL;
    return token == NULL ? OK : begin_page(s, prefix, token, a, ret, err);
}

static status read_page(s3 *s, const http_reply *reply, arena *a, store_objects *objects,
                        error *err) {
    page p = {.s3 = s, .arena = a, .objects = objects, .current = {.read_only = true}};
    bool is_xml = xml_read(reply->body, reply->body_size, take_element, &p);
    if (!is_xml || p.is_broken || (p.is_more && p.token == NULL)) {
        error_set(err, E_IO, "cannot list \"s3://%s/%s\": the reply is no listing", s->place.bucket,
                  s->place.prefix);
        error_hint(err, "Is \"%s\" the address of an S3 service?", s->config.endpoint.host);
        return E_IO;
    }
    return OK;
}

typedef status (*page_reader)(void *state, store_objects *objects, error *err);

/* Two arenas take turns, so that memory does not grow with the number of pages. */
static status each_page(s3 *s, const char *prefix, page_reader each, void *state, error *err) {
    arena *turns[2] = {arena_new(), arena_new()};
    s3_pending *pending = NULL;
    status result = begin_page(s, prefix, NULL, turns[0], &pending, err);
    for (size_t i = 0; result == OK && pending != NULL; i = 1 - i) {
        http_reply *reply = NULL;
        s3_pending *next = NULL;
        store_objects objects = {0};
        result = s3_finish(pending, &reply, err);
        pending = NULL;
        arena_reset(turns[1 - i]);
        if (result == OK)
            result = begin_next(s, prefix, reply, turns[1 - i], &next, err);
        pending = next;
        if (result == OK)
            result = read_page(s, reply, turns[i], &objects, err);
        if (result == OK)
            result = each(state, &objects, err);
    }
    s3_drop(pending);
    arena_free(turns[0]);
    arena_free(turns[1]);
    return result;
}

typedef struct collecting {
    arena *arena;
    store_objects *objects;
} collecting;

static status collect(void *state, store_objects *objects, error *err) {
    (void)err;
    const collecting *c = state;
    for (size_t i = 0; i < objects->count; i++) {
        store_object object = objects->items[i];
        object.key = arena_strdup(c->arena, object.key);
        object.tag = arena_strdup(c->arena, object.tag);
        vec_push(c->arena, c->objects, object);
    }
    return OK;
}

status s3_list(void *state, const char *prefix, arena *a, store_objects *ret, error *err) {
    collecting c = {a, ret};
    return each_page(state, prefix, collect, &c, err);
}

status s3_next(void *state, const char *prefix, const char *after, arena *a, char **ret,
               error *err) {
    s3 *s = state;
    http_reply *reply = NULL;
    store_objects found = {0};
    s3_request list = {.method = "GET"};
    vec_push(a, &list.query, ((s3_pair){"list-type", "2"}));
    vec_push(a, &list.query, ((s3_pair){"encoding-type", "url"}));
    vec_push(a, &list.query, ((s3_pair){"max-keys", "1"}));
    vec_push(a, &list.query, ((s3_pair){"prefix", s3_full_key(s, a, prefix)}));
    vec_push(a, &list.query, ((s3_pair){"start-after", s3_full_key(s, a, after)}));
    TRY(s3_call(s, &list, "list", a, &reply, err));
    TRY(read_page(s, reply, a, &found, err));
    *ret = found.count > 0 ? arena_strdup(a, found.items[0].key) : NULL;
    return OK;
}

/* One request removes a page; while it is under way the next page is listed. */
typedef struct removing {
    s3 *s3;
    arena *arena; /* of the request under way */
    s3_pending *pending;
} removing;

typedef struct refusals {
    arena *arena;
    char *code, *key; /* of the first error */
    char *last_code, *last_key;
} refusals;

static void take_refusal(void *state, const char *path, const char *text) {
    refusals *r = state;
    if (str_eq(path, "DeleteResult/Error/Code"))
        r->last_code = arena_strdup(r->arena, text);
    else if (str_eq(path, "DeleteResult/Error/Key"))
        r->last_key = arena_strdup(r->arena, text);
    else if (str_eq(path, "DeleteResult/Error") && r->code == NULL
             && (r->last_code == NULL || !str_eq(r->last_code, "NoSuchKey"))) {
        r->code = r->last_code != NULL ? r->last_code : arena_strdup(r->arena, "unknown");
        r->key = r->last_key != NULL ? r->last_key : arena_strdup(r->arena, "?");
    }
}

static status finish_removal(removing *r, error *err) {
    if (r->pending == NULL)
        return OK;
    http_reply *reply = NULL;
    s3_pending *pending = r->pending;
    r->pending = NULL;
    TRY(s3_finish(pending, &reply, err));
    refusals told = {.arena = r->arena};
    if (!xml_read(reply->body, reply->body_size, take_refusal, &told))
        return error_set(err, E_IO, "cannot remove from \"s3://%s\": the reply is no result",
                         r->s3->place.bucket);
    if (told.code == NULL)
        return OK;
    status kind = str_eq(told.code, "AccessDenied") ? E_DENIED : E_IO;
    return error_set(err, kind, "cannot remove \"s3://%s/%s\": %s", r->s3->place.bucket,
                     str_printable(r->arena, told.key), str_printable(r->arena, told.code));
}

static const char *removal_document(const s3 *s, arena *a, const store_objects *objects) {
    buf body = buf_new(a);
    buf_add(&body, "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < objects->count; i++) {
        buf_add(&body, "<Object><Key>");
        xml_escape(&body, s3_full_key(s, a, objects->items[i].key));
        buf_add(&body, "</Key></Object>");
    }
    buf_add(&body, "<Quiet>true</Quiet></Delete>");
    return body.text;
}

static status remove_page(void *state, store_objects *objects, error *err) {
    removing *r = state;
    TRY(finish_removal(r, err));
    if (objects->count == 0)
        return OK;
    arena_reset(r->arena);
    crash_point("store.removing");
    const char *body = removal_document(r->s3, r->arena, objects);
    s3_request post = {
        .method = "POST", .body = body, .body_size = strlen(body), .need = "DeleteResult"};
    vec_push(r->arena, &post.query, ((s3_pair){"delete", ""}));
    vec_push(r->arena, &post.headers,
             ((s3_pair){"content-md5", s3_md5(r->arena, body, post.body_size)}));
    return s3_begin(r->s3, &post, "remove below", r->arena, &r->pending, err);
}

status s3_remove_prefix(void *state, const char *prefix, error *err) {
    removing r = {.s3 = state, .arena = arena_new()};
    status result = each_page(state, prefix, remove_page, &r, err);
    if (result == OK)
        result = finish_removal(&r, err);
    s3_drop(r.pending);
    arena_free(r.arena);
    return result;
}
