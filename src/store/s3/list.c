#include "store/s3/s3.h"

#include "base/crash.h"
#include "base/number.h"
#include "store/s3/sign.h"
#include "store/s3/xml.h"

/* Pages without a key, one after the other, before a listing is taken to be endless. */
enum { EMPTY_PAGES_MAX = 1000 };

/* How far a listing is. */
typedef struct walk {
    s3 *s3;
    const char *prefix;                /* below that of the store */
    char mark[STORE_KEY_SIZE_MAX + 1]; /* one of the keys so far, "" for none */
    int64_t seen, renewed_at;          /* keys so far; how many when mark was chosen */
    const char *token; /* by which the page under way was asked for; NULL: the first */
    int empty_pages;   /* just now */
} walk;

/* One page of a listing as it is read. */
typedef struct page {
    walk *walk;
    arena *arena; /* of the objects */
    store_objects *objects;
    store_object current;
    bool has_size, has_time; /* the current one */
    bool is_listing;
    bool is_broken; /* something that is no listing of keys below our prefix */
} page;

static void take_key(page *p, const char *text) {
    const char *top = p->walk->s3->place.prefix;
    char *key = NULL;
    if (s3_decode(p->arena, text, &key) && strlen(key) <= STORE_KEY_SIZE_MAX && str_starts(key, top)
        && str_starts(key + strlen(top), p->walk->prefix))
        p->current.key = key + strlen(top);
}

static void take_number(page *p, const char *text) {
    p->has_size = number_int64(text, &p->current.size_bytes) && p->current.size_bytes >= 0;
}

static void take_time(page *p, const char *text) {
    p->has_time = number_time(text, &p->current.modified_us);
}

/* A listing that comes back to where it was would never end. Keys need not come in order: some
 * services sort folders, not whole keys. As in Brent's search for a cycle, the key that is waited
 * for is a newer one after twice as many. */
static bool gets_on(walk *w, const char *key) {
    if (str_eq(w->mark, key))
        return false;
    if (++w->seen >= 2 * w->renewed_at) {
        memcpy(w->mark, key, strlen(key) + 1);
        w->renewed_at = w->seen;
    }
    return true;
}

/* Some tools leave empty objects whose keys end in '/' where they made a folder: not ours. */
static void take_object(page *p) {
    const char *key = p->current.key;
    bool goes_on = key != NULL && gets_on(p->walk, key);
    p->is_broken = p->is_broken || !goes_on || !p->has_size || !p->has_time;
    if (goes_on && !str_ends(key, "/"))
        vec_push(p->arena, p->objects, p->current);
    p->current = (store_object){.read_only = true};
    p->has_size = p->has_time = false;
}

static void take_tag(page *p, const char *text) {
    p->current.tag = arena_strdup(p->arena, text);
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
    };
    page *p = state;
    p->is_listing = p->is_listing || str_eq(path, "ListBucketResult");
    if (str_eq(path, "ListBucketResult/Contents"))
        take_object(p);
    for (size_t i = 0; i < ARRAY_SIZE(ELEMENTS); i++)
        if (str_eq(path, ELEMENTS[i].path))
            ELEMENTS[i].take(p, text);
}

static s3_request list_request(const walk *w, arena *a) {
    s3_request list = {.method = "GET"};
    vec_push(a, &list.query, ((s3_pair){"list-type", "2"}));
    vec_push(a, &list.query, ((s3_pair){"encoding-type", "url"}));
    vec_push(a, &list.query, ((s3_pair){"prefix", s3_full_key(w->s3, a, w->prefix)}));
    return list;
}

static status begin_page(const walk *w, arena *a, s3_pending **ret, error *err) {
    s3_request list = list_request(w, a);
    if (w->token != NULL)
        vec_push(a, &list.query, ((s3_pair){"continuation-token", w->token}));
    return s3_begin(w->s3, &list, "list", a, ret, err);
}

static status refuse_page(const walk *w, error *err) {
    error_set(err, E_IO, "cannot list \"s3://%s/%s%s\": the reply is no listing",
              w->s3->place.bucket, w->s3->place.prefix, w->prefix);
    error_hint(err, "Is \"%s\" the address of an S3 service?", w->s3->config.endpoint.host);
    return E_IO;
}

/* Where the next page begins is looked for first: it is asked for before the keys are read. */
typedef struct ahead {
    arena *arena;
    bool is_more;
    const char *token;
} ahead;

static void take_ahead(void *state, const char *path, const char *text) {
    ahead *next = state;
    if (str_eq(path, "ListBucketResult/IsTruncated"))
        next->is_more = str_eq(text, "true");
    else if (str_eq(path, "ListBucketResult/NextContinuationToken"))
        next->token = arena_strdup(next->arena, text);
}

/* *ret NULL: this was the last page. */
static status begin_next(walk *w, const http_reply *reply, arena *a, s3_pending **ret, error *err) {
    ahead next = {.arena = a};
    *ret = NULL;
    if (!xml_read(reply->body, reply->body_size, take_ahead, &next))
        return refuse_page(w, err);
    if (!next.is_more)
        return OK;
    if (next.token == NULL || (w->token != NULL && str_eq(w->token, next.token)))
        return refuse_page(w, err);
    w->token = next.token;
    return begin_page(w, a, ret, err);
}

static status read_page(walk *w, const http_reply *reply, arena *a, store_objects *objects,
                        error *err) {
    page p = {.walk = w, .arena = a, .objects = objects, .current = {.read_only = true}};
    bool is_xml = xml_read(reply->body, reply->body_size, take_element, &p);
    w->empty_pages = objects->count > 0 ? 0 : w->empty_pages + 1;
    bool is_good = is_xml && p.is_listing && !p.is_broken && w->empty_pages <= EMPTY_PAGES_MAX;
    return is_good ? OK : refuse_page(w, err);
}

typedef status (*page_reader)(void *state, store_objects *objects, error *err);

/* Two arenas take turns, so that memory does not grow with the number of pages. */
static status each_page(s3 *s, const char *prefix, page_reader each, void *state, error *err) {
    arena *turns[2] = {arena_new(), arena_new()};
    walk w = {.s3 = s, .prefix = prefix};
    s3_pending *pending = NULL;
    status result = begin_page(&w, turns[0], &pending, err);
    for (size_t i = 0; result == OK && pending != NULL; i = 1 - i) {
        http_reply *reply = NULL;
        s3_pending *next = NULL;
        store_objects objects = {0};
        result = s3_finish(pending, &reply, err);
        pending = NULL;
        arena_reset(turns[1 - i]);
        if (result == OK)
            result = begin_next(&w, reply, turns[1 - i], &next, err);
        pending = next;
        if (result == OK)
            result = read_page(&w, reply, turns[i], &objects, err);
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
    walk w = {.s3 = state, .prefix = prefix};
    http_reply *reply = NULL;
    store_objects found = {0};
    s3_request list = list_request(&w, a);
    ASSERT(strlen(after) <= STORE_KEY_SIZE_MAX);
    vec_push(a, &list.query, ((s3_pair){"max-keys", "1"}));
    vec_push(a, &list.query, ((s3_pair){"start-after", s3_full_key(state, a, after)}));
    TRY(s3_call(state, &list, "list", a, &reply, err));
    TRY(read_page(&w, reply, a, &found, err));
    *ret = found.count > 0 ? arena_strdup(a, found.items[0].key) : NULL;
    return *ret == NULL || strcmp(after, *ret) < 0 ? OK : refuse_page(&w, err);
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
