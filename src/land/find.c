#include "land/find.h"

#include "base/number.h"
#include "base/path.h"
#include "base/strmap.h"
#include "land/find_wish.h"

#include <inttypes.h>

enum { US_PER_S = 1000000 };

/* What a key of a delivery leads to. */
typedef struct lead {
    find_wish *wish;
    find_fit fit;
} lead;
typedef VEC(lead) leads;

typedef struct finding {
    const land_context *context;
    const find_question *question;
    arena *arena;
    VEC(find_wish *) wishes;
    VEC(find_wish *) patterns; /* of the wishes, those that each delivery is held against */
    strmap *leads;             /* "id 17", "object …", "file …", "name …" → leads */
} finding;

const lake_table *find_table(const land_context *c, const delivery *d) {
    for (size_t i = 0; i < c->lake->table_count; i++)
        if (c->tables[i].id == d->table)
            return c->lake->tables[i]->source != NULL ? c->lake->tables[i] : NULL;
    return NULL;
}

static void add_lead(finding *f, const char *kind, const char *key, lead to) {
    const char *name = arena_printf(f->arena, "%s %s", kind, key);
    leads *list = strmap_get(f->leads, name);
    if (list == NULL) {
        list = ARENA_NEW(f->arena, leads);
        strmap_set(f->leads, name, list);
    }
    vec_push(f->arena, list, to);
}

static void add_wish(finding *f, const char *text) {
    find_wish *w = find_wish_new(f->context, f->question->folder, text, f->arena);
    vec_push(f->arena, &f->wishes, w);
    if (text == NULL || w->is_pattern)
        vec_push(f->arena, &f->patterns, w);
    for (size_t i = 0; i < w->objects.count; i++)
        add_lead(f, "object", w->objects.items[i], (lead){w, FIT_OBJECT});
    for (size_t i = 0; i < w->files.count; i++)
        add_lead(f, "file", w->files.items[i], (lead){w, FIT_FILE});
    if (w->is_name)
        add_lead(f, "name", text, (lead){w, FIT_NAME});
}

/* Each FILE once, however often it was written. */
static void add_wishes(finding *f) {
    const strings *files = &f->question->files;
    strmap *seen = strmap_new(f->arena);
    for (size_t i = 0; i < files->count; i++) {
        if (strmap_has(seen, files->items[i]))
            continue;
        strmap_set(seen, files->items[i], f);
        add_wish(f, files->items[i]);
    }
    if (files->count == 0)
        add_wish(f, NULL);
}

static bool is_of_table(const finding *f, const delivery *d) {
    const lake_table *t = find_table(f->context, d);
    return t != NULL && (f->question->table == NULL || f->question->table == t);
}

/* A number is looked up, and only what is no delivery's is taken for a name. */
static status try_ids(const finding *f, error *err) {
    for (size_t i = 0; i < f->wishes.count; i++) {
        find_wish *w = f->wishes.items[i];
        int64_t id = 0;
        delivery d = {0};
        if (w->text == NULL || !number_int64(w->text, &id))
            continue;
        status found = ledger_delivery_get(f->context->ledger, id, f->arena, &d, NULL);
        if (found == E_NOT_FOUND || (found == OK && !is_of_table(f, &d)))
            continue;
        if (found != OK)
            return ledger_delivery_get(f->context->ledger, id, f->arena, &d, err);
        vec_push(f->arena, &w->fits[FIT_ID], d);
    }
    return OK;
}

static bool is_any_open(const finding *f) {
    for (size_t i = 0; i < f->wishes.count; i++)
        if (find_best_fit(f->wishes.items[i]) == FIT_COUNT)
            return true;
    return false;
}

/* What a delivery fits; with keep it is added there. A delivery may be led to in several ways. */
typedef struct trial {
    const finding *finding;
    const delivery *delivery;
    bool keep;
    bool fits;
} trial;

static void take(trial *t, find_wish *w, find_fit fit) {
    deliveries *list = &w->fits[fit];
    t->fits = true;
    if (!t->keep || (list->count > 0 && list->items[list->count - 1].id == t->delivery->id))
        return;
    vec_push(t->finding->arena, list, *t->delivery);
}

static void follow(trial *t, arena *a, const char *kind, const char *key) {
    const leads *list = strmap_get(t->finding->leads, arena_printf(a, "%s %s", kind, key));
    for (size_t i = 0; list != NULL && i < list->count; i++)
        take(t, list->items[i].wish, list->items[i].fit);
}

static const char *place_of(const finding *f, arena *a, const delivery *d) {
    const land_context *c = f->context;
    bool aside = d->state == DELIVERY_REJECTED;
    return find_object(a, aside ? c->lake->layer_count : find_table(c, d)->layer, d->object);
}

static bool matches_any(const strings *patterns, const char *text) {
    for (size_t i = 0; i < patterns->count; i++)
        if (str_matches_glob(patterns->items[i], text))
            return true;
    return false;
}

static bool matches(const find_wish *w, const delivery *d, const char *place) {
    if (matches_any(&w->files, d->file) || matches_any(&w->objects, place))
        return true;
    return w->is_name
           && (str_matches_glob(w->text, path_name(d->file))
               || str_matches_glob(w->text, path_name(d->object)));
}

static bool is_in_range(const find_question *q, const delivery *d) {
    int64_t landed_us = d->land_time * US_PER_S;
    return !q->has_range || (landed_us >= q->from_us && landed_us < q->to_us);
}

static void try_patterns(trial *t, const char *place) {
    const finding *f = t->finding;
    for (size_t i = 0; i < f->patterns.count; i++) {
        find_wish *w = f->patterns.items[i];
        if (w->text == NULL ? is_in_range(f->question, t->delivery)
                            : matches(w, t->delivery, place))
            take(t, w, FIT_PATTERN);
    }
}

static bool try_delivery(const finding *f, const delivery *d, bool keep) {
    ARENA_AUTO a = arena_new();
    trial t = {.finding = f, .delivery = d, .keep = keep};
    if (!is_of_table(f, d))
        return false;
    const char *place = place_of(f, a, d);
    follow(&t, a, "object", place);
    follow(&t, a, "file", d->file);
    follow(&t, a, "name", path_name(d->file));
    follow(&t, a, "name", path_name(d->object));
    try_patterns(&t, place);
    return t.fits;
}

static bool fits_some(void *state, const delivery *d) {
    return try_delivery(state, d, false);
}

static int64_t table_id(const finding *f) {
    const lake_table *t = f->question->table;
    return t != NULL ? f->context->tables[t->index].id : 0;
}

/* Those that fit something are few; they are looked at again, with memory of their own. */
static status try_all(finding *f, error *err) {
    deliveries some = {0};
    TRY(ledger_deliveries_where(f->context->ledger, table_id(f), fits_some, f, f->arena, &some,
                                err));
    for (size_t i = 0; i < some.count; i++)
        (void)try_delivery(f, &some.items[i], true);
    return OK;
}

/* The nearer one of what was nearest until now and this one. */
static void compare_name(const finding *f, find_wish *w, const delivery *d) {
    const char *name = w->is_name ? path_name(d->file) : d->file;
    strings both = {0};
    ARENA_AUTO a = arena_new();
    if (w->nearest != NULL)
        vec_push(a, &both, w->nearest);
    vec_push(a, &both, name);
    if (str_nearest(w->text, &both) == name)
        w->nearest = arena_strdup(f->arena, name);
}

static bool compare_names(void *state, const delivery *d) {
    const finding *f = state;
    for (size_t i = 0; is_of_table(f, d) && i < f->wishes.count; i++) {
        find_wish *w = f->wishes.items[i];
        if (w->text != NULL && find_best_fit(w) == FIT_COUNT)
            compare_name(f, w, d);
    }
    return false;
}

static status look(finding *f, error *err) {
    deliveries none = {0};
    TRY(try_ids(f, err));
    if (is_any_open(f))
        TRY(try_all(f, err));
    if (!is_any_open(f))
        return OK;
    return ledger_deliveries_where(f->context->ledger, table_id(f), compare_names, f, f->arena,
                                   &none, err);
}

static int in_order(const void *left, const void *right) {
    const delivery *a = left, *b = right;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    int order = strcmp(a->identity, b->identity);
    if (order != 0)
        return order;
    if (a->land_time != b->land_time)
        return a->land_time < b->land_time ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static void sort_once(deliveries *list) {
    size_t kept = 0;
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, in_order);
    for (size_t i = 0; i < list->count; i++)
        if (kept == 0 || list->items[kept - 1].id != list->items[i].id)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

status find_deliveries(const land_context *c, const find_question *q, arena *a, deliveries *ret,
                       error *err) {
    finding f = {.context = c, .question = q, .arena = a, .leads = strmap_new(a)};
    deliveries chosen = {0};
    add_wishes(&f);
    TRY(look(&f, err));
    for (size_t i = 0; i < f.wishes.count; i++)
        TRY(find_choose(c, q, f.wishes.items[i], a, &chosen, err));
    sort_once(&chosen);
    *ret = chosen;
    return OK;
}
