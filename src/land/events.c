#include "land/events.h"

#include "base/json.h"
#include "store/s3/uri.h"
#include "store/store.h"

enum { ENVELOPES_MAX = 4 };

typedef struct reading {
    arena *arena;
    s3_place place; /* where deliveries are */
    size_t number;  /* of the record, 1 for the first of the text */
    int envelopes;  /* around what is read */
    land_events found;
} reading;

static status take_document(reading *r, const json_t *document, error *err);

static status refuse(const char *what, error *err) {
    return error_set(err, E_DATA, "%s", what);
}

/* A document in the text of another one. */
static status take_text(reading *r, const json_t *envelope, const char *key, error *err) {
    const char *text = NULL;
    JSON_AUTO document = NULL;
    TRY(json_need_string(envelope, key, &text, err));
    if (r->envelopes >= ENVELOPES_MAX)
        return refuse("too many envelopes, one in the other", err);
    if (json_parse(text, strlen(text), key, &document, NULL) != OK)
        return error_set(err, E_DATA, "the text in \"%s\" is not JSON", key);
    r->envelopes++;
    TRY(take_document(r, document, err));
    r->envelopes--;
    return OK;
}

/* What the record names, if it is a delivery. key: as it is in the bucket. */
static void take_key(reading *r, const char *bucket, const char *key) {
    const char *prefix = r->place.prefix;
    bool is_ours = str_eq(bucket, r->place.bucket) && str_starts(key, prefix)
                   && key[strlen(prefix)] != '\0' && !str_ends(key, "/");
    if (is_ours)
        vec_push(r->arena, &r->found.keys, arena_strdup(r->arena, key + strlen(prefix)));
    else
        r->found.ignored++;
}

static status need_key(const json_t *object, const char **ret, error *err) {
    TRY(json_need_string(object, "key", ret, err));
    return (*ret)[0] != '\0' && strlen(*ret) <= 3 * STORE_KEY_SIZE_MAX
               ? OK
               : refuse("the key is no key of an object", err);
}

/* S3 encodes keys as a form does; EventBridge does not, nor do some services, which is seen where a
 * key has a blank. */
static status take_object(reading *r, const json_t *of, bool is_encoded, bool is_made, error *err) {
    json_t *bucket = NULL, *object = NULL;
    const char *name = NULL, *key = NULL;
    TRY(json_need_object(of, "bucket", &bucket, err));
    TRY(json_need_object(of, "object", &object, err));
    TRY(json_need_string(bucket, "name", &name, err));
    TRY(need_key(object, &key, err));
    char *decoded = arena_strdup(r->arena, key);
    if (is_encoded && strchr(key, ' ') == NULL && !s3_decode(r->arena, key, &decoded))
        return refuse("the key is not encoded as S3 does", err);
    if (strlen(decoded) > STORE_KEY_SIZE_MAX || !str_is_utf8(decoded, strlen(decoded)))
        return refuse("the key is no key of an object", err);
    r->found.records++;
    if (is_made)
        take_key(r, name, decoded);
    else
        r->found.ignored++;
    return OK;
}

/* "ObjectCreated:Put", with "s3:" before it from some services. */
static bool is_made(const char *name) {
    return str_starts(name, "ObjectCreated:") || str_starts(name, "s3:ObjectCreated:");
}

/* Lambda hands over messages of queues and topics as records, too. */
static status take_record(reading *r, const json_t *record, error *err) {
    const char *name = NULL;
    json_t *s3 = NULL, *sns = NULL;
    r->number++;
    if (str_eq(json_get_string(record, "eventSource", ""), "aws:sqs"))
        return take_text(r, record, "body", err);
    if (str_eq(json_get_string(record, "EventSource", ""), "aws:sns")) {
        TRY(json_need_object(record, "Sns", &sns, err));
        return take_text(r, sns, "Message", err);
    }
    TRY(json_need_string(record, "eventName", &name, err));
    TRY(json_need_object(record, "s3", &s3, err));
    return take_object(r, s3, true, is_made(name), err);
}

static status take_message(reading *r, const json_t *message, error *err) {
    r->number++;
    return take_text(r, message, "Body", err);
}

static status take_each(reading *r, const json_t *list,
                        status (*take)(reading *r, const json_t *item, error *err), error *err) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) TRY(take(r, item, err));
    return OK;
}

static status take_bridge(reading *r, const json_t *event, error *err) {
    json_t *detail = NULL;
    r->number++;
    TRY(json_need_object(event, "detail", &detail, err));
    const char *type = json_get_string(event, "detail-type", "");
    return take_object(r, detail, false, str_eq(type, "Object Created"), err);
}

/* What is told when notifications are set up. */
static bool is_greeting(const json_t *document) {
    return str_eq(json_get_string(document, "Event", ""), "s3:TestEvent")
           || str_eq(json_get_string(document, "Type", ""), "SubscriptionConfirmation");
}

static status take_document(reading *r, const json_t *document, error *err) {
    const json_t *records = json_object_get(document, "Records");
    const json_t *messages = json_object_get(document, "Messages");
    if (json_is_array(document))
        return take_each(r, document, take_document, err);
    if (json_is_array(records))
        return take_each(r, records, take_record, err);
    if (json_is_array(messages))
        return take_each(r, messages, take_message, err);
    if (is_greeting(document))
        return OK;
    if (str_eq(json_get_string(document, "source", ""), "aws.s3"))
        return take_bridge(r, document, err);
    if (json_object_get(document, "Body") != NULL)
        return take_message(r, document, err);
    if (str_eq(json_get_string(document, "Type", ""), "Notification"))
        return take_text(r, document, "Message", err);
    r->number++;
    return refuse("this is no event record", err);
}

static int line_at(const char *text, size_t at) {
    int line = 1;
    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

static status read_all(reading *r, const char *text, size_t size, const char *what, error *err) {
    for (size_t at = 0;;) {
        JSON_AUTO document = NULL;
        size_t begin = 0;
        TRY(json_parse_next(text, size, &at, &begin, what, &document, err));
        if (document == NULL)
            return OK;
        r->envelopes = 0;
        status taken = take_document(r, document, err);
        if (taken != OK) {
            error_prefix(err, "record %zu of \"%s\"", r->number, what);
            error_at(err, what, line_at(text, begin), 0);
            error_hint(err, "Nothing was taken in. Leave that document out, and let a listing find "
                            "what it was about: weir land.");
            return taken;
        }
    }
}

status events_read(const char *text, size_t size, const char *what, const char *land_bucket,
                   arena *a, land_events *ret, error *err) {
    reading r = {.arena = a, .found = *ret};
    TRY(s3_place_parse(land_bucket, a, &r.place, err));
    r.found.keys = (strings){0};
    TRY(read_all(&r, text, size, what, err));
    for (size_t i = 0; i < ret->keys.count; i++)
        vec_push(a, &r.found.keys, ret->keys.items[i]);
    strings_sort_unique(&r.found.keys);
    *ret = r.found;
    return OK;
}
