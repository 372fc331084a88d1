#include "build/why.h"

/* Chains are as deep as the lake; what one has told is not told again below it. */
typedef struct asking {
    const build_context *c;
    arena *arena;
    int64_t limit;
    strmap *told; /* version → why_version */
} asking;

static const lake_table *table_of(const asking *k, int64_t id) {
    for (size_t i = 0; i < k->c->lake->table_count; i++)
        if (k->c->tables[i].id == id)
            return k->c->lake->tables[i];
    return NULL;
}

static const char *key_of(arena *a, const ledger_read *r) {
    return arena_printf(a, "%lld %lld", (long long)r->input, (long long)r->unit);
}

static strmap *set_of(arena *a, const ledger_reads *reads) {
    strmap *set = strmap_new(a);
    for (size_t i = 0; i < reads->count; i++)
        strmap_set(set, key_of(a, &reads->items[i]), &reads->items[i]);
    return set;
}

/* What only the first read. */
static ledger_reads only_in(arena *a, const ledger_reads *one, const ledger_reads *other) {
    ledger_reads only = {0};
    const strmap *set = set_of(a, other);
    for (size_t i = 0; i < one->count; i++)
        if (!strmap_has(set, key_of(a, &one->items[i])))
            vec_push(a, &only, one->items[i]);
    return only;
}

static void add_cause(const asking *k, why_version *v, const why_cause *cause) {
    if ((int64_t)v->causes.count < k->limit)
        vec_push(k->arena, &v->causes, *cause);
    else
        v->left_out++;
}

static bool is_full(const asking *k, const why_version *v) {
    return (int64_t)v->causes.count >= k->limit;
}

static status load_delivery(const asking *k, int64_t id, const delivery **ret, error *err) {
    delivery *d = ARENA_NEW(k->arena, delivery);
    TRY(ledger_delivery_get(k->c->ledger, id, k->arena, d, err));
    *ret = d;
    return OK;
}

/* A delivery that went, of the same identity. It is taken out of gone. */
static status take_predecessor(const asking *k, const delivery *d, ledger_reads *gone,
                               const delivery **ret, error *err) {
    for (size_t i = 0; i < gone->count; i++) {
        const delivery *old = NULL;
        if (gone->items[i].input != d->table || !gone->items[i].is_source)
            continue;
        TRY(load_delivery(k, gone->items[i].unit, &old, err));
        if (!str_eq(old->identity, d->identity))
            continue;
        gone->items[i] = gone->items[--gone->count];
        *ret = old;
        return OK;
    }
    return OK;
}

static status add_delivery_that_came(const asking *k, why_version *v, const ledger_read *r,
                                     ledger_reads *gone, error *err) {
    why_cause cause = {.kind = "new", .table = table_of(k, r->input)};
    bool returned = false;
    TRY(load_delivery(k, r->unit, &cause.delivery, err));
    TRY(take_predecessor(k, cause.delivery, gone, &cause.instead, err));
    TRY(ledger_delivery_returned(k->c->ledger, r->unit, &returned, err));
    if (cause.instead)
        cause.kind = cause_name(CAUSE_SUPERSEDED);
    else if (returned)
        cause.kind = cause_name(CAUSE_READMITTED);
    add_cause(k, v, &cause);
    return OK;
}

static status ask_version(asking *k, const ledger_term *term, why_version **ret, error *err);

/* What was read before in the place of this one. It is taken out of gone. */
static int64_t take_version(const ledger_read *r, ledger_reads *gone) {
    for (size_t i = 0; i < gone->count; i++) {
        if (gone->items[i].input != r->input || gone->items[i].is_source
            || !str_eq(gone->items[i].partition, r->partition))
            continue;
        int64_t version = gone->items[i].unit;
        gone->items[i] = gone->items[--gone->count];
        return version;
    }
    return 0;
}

static status add_version_that_came(asking *k, why_version *v, const ledger_read *r,
                                    ledger_reads *gone, error *err) {
    ledger_term term = {0};
    why_cause cause = {.kind = cause_name(CAUSE_UPSTREAM),
                       .table = table_of(k, r->input),
                       .partition = r->partition,
                       .was = take_version(r, gone)};
    TRY(ledger_term_of(k->c->ledger, r->unit, v->term.from_seq + 1, k->arena, &term, err));
    TRY(ask_version(k, &term, &cause.upstream, err));
    add_cause(k, v, &cause);
    return OK;
}

static status add_what_came(asking *k, why_version *v, const ledger_reads *came, ledger_reads *gone,
                            error *err) {
    for (size_t i = 0; i < came->count; i++) {
        const ledger_read *r = &came->items[i];
        if (is_full(k, v))
            v->left_out++;
        else if (r->is_source)
            TRY(add_delivery_that_came(k, v, r, gone, err));
        else
            TRY(add_version_that_came(k, v, r, gone, err));
    }
    return OK;
}

static status add_what_went(const asking *k, why_version *v, const ledger_reads *gone, error *err) {
    for (size_t i = 0; i < gone->count; i++) {
        const ledger_read *r = &gone->items[i];
        why_cause cause = {.kind = cause_name(CAUSE_UPSTREAM),
                           .table = table_of(k, r->input),
                           .partition = r->partition,
                           .was = r->is_source ? 0 : r->unit};
        if (r->is_source && !is_full(k, v)) {
            TRY(load_delivery(k, r->unit, &cause.delivery, err));
            cause.kind = delivery_state_name(cause.delivery->state);
        }
        add_cause(k, v, &cause);
    }
    return OK;
}

/* Names of parts whose hash is another, or that only one of them has. */
static status different_parts(const asking *k, const char *now, const char *before, strings *ret,
                              error *err) {
    JSON_AUTO one = NULL;
    JSON_AUTO other = NULL;
    const char *name;
    json_t *hash;
    TRY(json_parse(now, strlen(now), "code in the ledger", &one, err));
    TRY(json_parse(before, strlen(before), "code in the ledger", &other, err));
    json_object_foreach(one, name, hash) {
        if (!json_equal(hash, json_object_get(other, name)))
            vec_push(k->arena, ret, arena_strdup(k->arena, name));
    }
    return OK;
}

static status add_code(const asking *k, why_version *v, const ledger_origin *before, error *err) {
    why_cause cause = {.kind = cause_name(CAUSE_CODE)};
    if (v->origin.code == before->code || !v->origin.fingerprint || !before->fingerprint
        || str_eq(v->origin.fingerprint, before->fingerprint))
        return OK;
    if (v->origin.parts && before->parts)
        TRY(different_parts(k, v->origin.parts, before->parts, &cause.parts, err));
    add_cause(k, v, &cause);
    return OK;
}

static void add_simple(const asking *k, why_version *v, const char *kind) {
    const why_cause cause = {.kind = kind};
    add_cause(k, v, &cause);
}

/* previous: what stood in its place; NULL: nothing. */
static status compare(asking *k, why_version *v, const ledger_term *previous, error *err) {
    ledger_reads now = {0}, before = {0};
    ledger_origin other = {0};
    TRY(ledger_reads_of(k->c->ledger, v->origin.derivation, k->arena, &now, err));
    for (size_t i = 0; i < now.count; i++) {
        v->deliveries += now.items[i].is_source;
        v->partitions += !now.items[i].is_source;
    }
    if (v->term.verb && str_eq(v->term.verb, "undo")) {
        add_simple(k, v, "undo");
        return OK;
    }
    if (previous) {
        TRY(ledger_origin_get(k->c->ledger, previous->derivation, k->arena, &other, err));
        TRY(ledger_reads_of(k->c->ledger, other.derivation, k->arena, &before, err));
        TRY(add_code(k, v, &other, err));
    }
    ledger_reads gone = only_in(k->arena, &before, &now), came = only_in(k->arena, &now, &before);
    TRY(add_what_came(k, v, &came, &gone, err));
    TRY(add_what_went(k, v, &gone, err));
    if (previous && v->causes.count == 0 && v->left_out == 0)
        add_simple(k, v, cause_name(CAUSE_FORCED));
    return OK;
}

/* The derivation of the moment when it became current. */
static status find_origins(const asking *k, why_version *v, error *err) {
    int64_t then = v->term.derivation;
    TRY(ledger_origin_get(k->c->ledger, v->term.derivation, k->arena, &v->newest, err));
    if (v->newest.seq > v->term.from_seq)
        TRY(ledger_origin_at(k->c->ledger, v->term.version, v->term.from_seq, &then, err));
    return ledger_origin_get(k->c->ledger, then != 0 ? then : v->term.derivation, k->arena,
                             &v->origin, err);
}

static status ask_version(asking *k, const ledger_term *term, why_version **ret, error *err) {
    ledger_terms terms = {0};
    const char *key = arena_printf(k->arena, "%lld", (long long)term->version);
    why_version *v = strmap_get(k->told, key);
    if (v) {
        *ret = v;
        return OK;
    }
    v = ARENA_NEW(k->arena, why_version);
    v->term = *term;
    strmap_set(k->told, key, v);
    TRY(find_origins(k, v, err));
    TRY(ledger_terms_before(k->c->ledger, term->table, term->partition, term->from_seq + 1,
                            k->arena, &terms, err));
    TRY(compare(k, v, terms.count > 1 ? &terms.items[1] : NULL, err));
    *ret = v;
    return OK;
}

status why_current(const build_context *c, const lake_table *t, const char *partition,
                   int64_t limit, arena *a, why_version *ret, error *err) {
    ledger_terms terms = {0};
    why_version *found = NULL;
    asking k = {.c = c, .arena = a, .limit = limit, .told = strmap_new(a)};
    TRY(ledger_terms_before(c->ledger, c->tables[t->index].id, partition, INT64_MAX, a, &terms,
                            err));
    if (terms.count == 0 || terms.items[0].to_seq != 0)
        return error_set(err, E_NOT_FOUND, "\"%s\" of \"%s\" has no version", partition, t->name);
    TRY(ask_version(&k, &terms.items[0], &found, err));
    *ret = *found;
    return OK;
}
