#include "store/s3/s3.h"

#include "store/s3/xml.h"

enum { PAGES_MAX = 1000 };

typedef struct upload {
    const char *key, *id;
} upload;

/* One page of the uploads that were begun and not ended. */
typedef struct uploads {
    arena *arena;
    VEC(upload) items;
    upload current;
    bool is_listing;
    bool is_more;
    const char *next_key, *next_id;
} uploads;

static void take_element(void *state, const char *path, const char *text) {
    uploads *u = state;
    char *key = NULL;
    if (str_eq(path, "ListMultipartUploadsResult/Upload/Key") && s3_decode(u->arena, text, &key))
        u->current.key = key;
    else if (str_eq(path, "ListMultipartUploadsResult/Upload/UploadId"))
        u->current.id = arena_strdup(u->arena, text);
    else if (str_eq(path, "ListMultipartUploadsResult/IsTruncated"))
        u->is_more = str_eq(text, "true");
    else if (str_eq(path, "ListMultipartUploadsResult/NextKeyMarker"))
        u->next_key = s3_decode(u->arena, text, &key) ? key : NULL;
    else if (str_eq(path, "ListMultipartUploadsResult/NextUploadIdMarker"))
        u->next_id = arena_strdup(u->arena, text);
    else if (str_eq(path, "ListMultipartUploadsResult"))
        u->is_listing = true;
    if (!str_eq(path, "ListMultipartUploadsResult/Upload"))
        return;
    if (u->current.key != NULL && u->current.id != NULL)
        vec_push(u->arena, &u->items, u->current);
    u->current = (upload){0};
}

/* What begins where the page before began would never end. */
static bool gets_on(const uploads *before, const uploads *page) {
    if (!page->is_more)
        return true;
    return page->next_key != NULL && page->next_id != NULL
           && (before->next_key == NULL || !str_eq(before->next_key, page->next_key)
               || !str_eq(before->next_id, page->next_id));
}

static status list_page(s3 *s, const uploads *before, arena *a, uploads *ret, error *err) {
    http_reply *reply = NULL;
    s3_request list = {.method = "GET"};
    vec_push(a, &list.query, ((s3_pair){"uploads", ""}));
    vec_push(a, &list.query, ((s3_pair){"encoding-type", "url"}));
    vec_push(a, &list.query, ((s3_pair){"prefix", s->place.prefix}));
    if (before->next_key != NULL && before->next_id != NULL) {
        vec_push(a, &list.query, ((s3_pair){"key-marker", before->next_key}));
        vec_push(a, &list.query, ((s3_pair){"upload-id-marker", before->next_id}));
    }
    TRY(s3_call(s, &list, "list unfinished uploads below", a, &reply, err));
    uploads page = {.arena = a};
    bool is_xml = xml_read(reply->body, reply->body_size, take_element, &page);
    if (!is_xml || !page.is_listing || !gets_on(before, &page))
        return error_set(err, E_IO, "cannot list uploads in \"s3://%s\": the reply is no listing",
                         s->place.bucket);
    *ret = page;
    return OK;
}

/* Gone already is fine. */
static status end_upload(s3 *s, const upload *u, arena *a, error *err) {
    http_reply *reply = NULL;
    error problem = {0};
    s3_request gone = {.method = "DELETE", .key = u->key};
    if (!str_starts(u->key, s->place.prefix))
        return OK;
    vec_push(a, &gone.query, ((s3_pair){"uploadId", u->id}));
    status ended = s3_call(s, &gone, "end the upload of", a, &reply, &problem);
    if (ended == OK || ended == E_NOT_FOUND)
        return OK;
    return error_pass(ended, &problem, err);
}

/* Who sweeps has the lease under which all writing is done: what is unfinished is of the dead. */
status s3_sweep(void *state, error *err) {
    s3 *s = state;
    ARENA_AUTO a = arena_new();
    uploads page = {0};
    for (int i = 0; i < PAGES_MAX; i++) {
        TRY(list_page(s, &page, a, &page, err));
        for (size_t j = 0; j < page.items.count; j++)
            TRY(end_upload(s, &page.items.items[j], a, err));
        if (!page.is_more)
            return OK;
    }
    return OK;
}
