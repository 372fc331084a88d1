#include "ledger/postgres/place.h"

#include "ledger/postgres/pq.h"

static const char DEFAULT_SCHEMA[] = "weir", SCHEMA_KEY[] = "schema=";
static const char *const SECRET_KEYS[] = {"password=", "sslpassword=", "passfile="};

bool place_is_postgres(const char *location) {
    return str_starts(location, "postgresql:") || str_starts(location, "postgres:");
}

static bool is_secret(const char *parameter) {
    for (size_t i = 0; i < ARRAY_SIZE(SECRET_KEYS); i++)
        if (str_starts(parameter, SECRET_KEYS[i]))
            return true;
    return false;
}

/* Up to the last @, wherever the URI's parts begin: a password that should have been escaped is one
 * all the same. */
static const char *add_user_shown(buf *out, const char *text) {
    const char *at = strrchr(text, '@'), *colon = strchr(text, ':');
    if (at == NULL)
        return text;
    if (colon == NULL || colon > at) {
        buf_add_bytes(out, text, (size_t)(at - text));
    } else {
        buf_add_bytes(out, text, (size_t)(colon - text));
        buf_add(out, ":***");
    }
    return at;
}

static void add_parameters_shown(buf *out, const char *query) {
    char before = '?';
    for (const char *at = query; *at == '?' || *at == '&'; before = '&') {
        size_t size = strcspn(at + 1, "&");
        const char *parameter = arena_strndup(out->arena, at + 1, size);
        buf_char(out, before);
        if (is_secret(parameter))
            buf_printf(out, "%.*s***", (int)(strcspn(parameter, "=") + 1), parameter);
        else
            buf_add(out, parameter);
        at += size + 1;
    }
}

char *place_shown(arena *a, const char *location) {
    buf out = buf_new(a);
    const char *start = strstr(location, "://");
    start = start == NULL ? location : start + strlen("://");
    buf_add_bytes(&out, location, (size_t)(start - location));
    const char *rest = add_user_shown(&out, start);
    size_t size = strcspn(rest, "?");
    buf_add_bytes(&out, rest, size);
    add_parameters_shown(&out, rest + size);
    return str_printable(a, out.text);
}

static status refuse(error *err, const place *p, const char *what) {
    error_set(err, E_DEFINITION, "ledger \"%s\" %s", p->shown, what);
    error_hint(err, "The form is postgresql://user@host:port/database?schema=name, with special "
                    "characters as %%XX; see doc/postgres.md.");
    return E_DEFINITION;
}

/* What libpq says of a URI it does not understand may quote the secret part, so it is not told. */
static status check_uri(const place *p, error *err) {
    pq_calls pq;
    char *ignored = NULL;
    TRY(pq_load(&pq, err));
    PQconninfoOption *options = pq.conninfoParse(p->uri, &ignored);
    pq.freemem(ignored);
    if (options == NULL)
        return refuse(err, p, "is not a connection URI");
    pq.conninfoFree(options);
    return OK;
}

static status check_schema(const place *p, error *err) {
    size_t size = strlen(p->schema);
    bool plain = size > 0 && size <= PLACE_SCHEMA_SIZE_MAX && !str_starts(p->schema, "pg_")
                 && strspn(p->schema, "abcdefghijklmnopqrstuvwxyz0123456789_") == size;
    return plain ? OK : refuse(err, p, "names a schema that is not of a to z, 0 to 9 and _");
}

/* The parameters without `schema`, whose value is given back. */
static const char *take_schema(buf *uri, const char *query, arena *a) {
    const char *schema = DEFAULT_SCHEMA;
    char before = '?';
    for (const char *at = query; *at == '?' || *at == '&';) {
        size_t size = strcspn(at + 1, "&");
        const char *parameter = arena_strndup(a, at + 1, size);
        if (str_starts(parameter, SCHEMA_KEY)) {
            schema = parameter + strlen(SCHEMA_KEY);
        } else {
            buf_char(uri, before);
            buf_add(uri, parameter);
            before = '&';
        }
        at += size + 1;
    }
    return schema;
}

status place_parse(arena *a, const char *location, place *ret, error *err) {
    buf uri = buf_new(a);
    size_t size = strcspn(location, "?");
    buf_add_bytes(&uri, location, size);
    const char *schema = take_schema(&uri, location + size, a);
    const place p = {.uri = uri.text, .schema = schema, .shown = place_shown(a, location)};
    TRY(check_schema(&p, err));
    TRY(check_uri(&p, err));
    *ret = p;
    return OK;
}

char *place_beside(arena *a, const char *location, const char *suffix) {
    buf uri = buf_new(a);
    size_t size = strcspn(location, "?");
    buf_add_bytes(&uri, location, size);
    const char *schema = take_schema(&uri, location + size, a);
    buf_printf(&uri, "%cschema=%s_%s", strchr(uri.text, '?') == NULL ? '?' : '&', schema, suffix);
    return uri.text;
}
