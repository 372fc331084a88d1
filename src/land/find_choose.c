/* Which of the deliveries that fit a FILE are meant. */
#include "land/find_wish.h"

#include "base/path.h"
#include "base/strmap.h"
#include "land/scan.h"

enum { CANDIDATES_SHOWN_MAX = 5 };

typedef struct choice {
    const land_context *context;
    const find_question *question;
    const find_wish *wish;
    const deliveries *from; /* those that fit best */
    find_fit fit;
    arena *arena;
} choice;

/* Groups of states; a name means the first group that it has any of. */
typedef enum standing_group { COUNTS, COUNTED, WITHDRAWN, REFUSED, GROUP_COUNT } standing_group;

static standing_group group_of(const delivery *d) {
    switch (d->state) {
    case DELIVERY_ACTIVE:
        return COUNTS;
    case DELIVERY_SUPERSEDED:
    case DELIVERY_DUPLICATE:
        return COUNTED;
    case DELIVERY_WITHDRAWN:
        return WITHDRAWN;
    case DELIVERY_REJECTED:
        break;
    }
    return REFUSED;
}

static deliveries of_group(const choice *c, standing_group group) {
    deliveries found = {0};
    for (size_t i = 0; i < c->from->count; i++)
        if (group_of(&c->from->items[i]) == group)
            vec_push(c->arena, &found, c->from->items[i]);
    return found;
}

static const char *wish_name(const choice *c) {
    return c->wish->text != NULL ? str_printable(c->arena, c->wish->text) : "the range";
}

/* "3 (raw.sales sales/a.csv), 7 (…), and 2 more" */
static char *candidates_text(const choice *c, const deliveries *list) {
    buf b = buf_new(c->arena);
    for (size_t i = 0; i < list->count && i < CANDIDATES_SHOWN_MAX; i++) {
        const delivery *d = &list->items[i];
        buf_printf(&b, "%s%lld (%s %s, %s)", i > 0 ? ", " : "", (long long)d->id,
                   find_table(c->context, d)->name, str_printable(c->arena, d->file),
                   delivery_state_name(d->state));
    }
    if (list->count > CANDIDATES_SHOWN_MAX)
        buf_printf(&b, ", and %zu more", list->count - CANDIDATES_SHOWN_MAX);
    return b.text;
}

static status refuse_ambiguous(const choice *c, const deliveries *list, error *err) {
    error_set(err, E_USAGE, "\"%s\" may mean %zu deliveries: %s", wish_name(c), list->count,
              candidates_text(c, list));
    error_hint(err, "Name one by its number or its path below land, or all of them by a pattern "
                    "like '*/a.csv'; --table leaves other tables out.");
    return E_USAGE;
}

static bool is_one_identity(const deliveries *list) {
    for (size_t i = 1; i < list->count; i++)
        if (list->items[i].table != list->items[0].table
            || !str_eq(list->items[i].identity, list->items[0].identity))
            return false;
    return true;
}

static void add_all(const choice *c, const deliveries *list, deliveries *ret) {
    for (size_t i = 0; i < list->count; i++)
        vec_push(c->arena, ret, list->items[i]);
}

static const delivery *newest(const deliveries *list) {
    const delivery *found = &list->items[0];
    for (size_t i = 1; i < list->count; i++)
        if (list->items[i].land_time >= found->land_time)
            found = &list->items[i];
    return found;
}

static status refuse_never_accepted(const choice *c, const delivery *d, error *err) {
    error_set(err, E_USAGE, "\"%s\" was never accepted: delivery %lld is in quarantine (%s)",
              wish_name(c), (long long)d->id, d->reason != NULL ? d->reason : "rejected");
    error_hint(err, "No table has rows of it, so there is nothing to withdraw.");
    return E_USAGE;
}

static deliveries of_groups(const choice *c, standing_group one, standing_group other) {
    deliveries both = of_group(c, one), more = of_group(c, other);
    add_all(c, &more, &both);
    return both;
}

static status choose_counting(const choice *c, const deliveries *counting, deliveries *ret,
                              error *err) {
    bool to_withdraw = c->question->purpose == FIND_TO_WITHDRAW;
    if (!is_one_identity(counting) || (to_withdraw && counting->count > 1))
        return refuse_ambiguous(c, counting, err);
    add_all(c, counting, ret);
    return OK;
}

/* One name stands for one thing: what of it counts, or else the last of what did. */
static status choose_named(const choice *c, deliveries *ret, error *err) {
    deliveries counting = of_group(c, COUNTS), list = of_groups(c, COUNTED, WITHDRAWN);
    if (counting.count > 0)
        return choose_counting(c, &counting, ret, err);
    bool refused = list.count == 0;
    if (refused)
        list = of_group(c, REFUSED);
    if (!is_one_identity(&list))
        return refuse_ambiguous(c, &list, err);
    if (refused && c->question->purpose == FIND_TO_WITHDRAW)
        return refuse_never_accepted(c, newest(&list), err);
    vec_push(c->arena, ret, *newest(&list));
    return OK;
}

/* A pattern means what counts. A range of time means whatever came in it, so that nothing of a bad
 * day comes back when something newer is withdrawn. */
static status choose_many(const choice *c, deliveries *ret, error *err) {
    deliveries list = of_group(c, COUNTS), counted = of_group(c, COUNTED);
    if (c->wish->text == NULL)
        add_all(c, &counted, &list);
    for (standing_group g = COUNTED; list.count == 0 && g < GROUP_COUNT; g++)
        list = of_group(c, g);
    if (group_of(&list.items[0]) == REFUSED && c->question->purpose == FIND_TO_WITHDRAW)
        return refuse_never_accepted(c, newest(&list), err);
    add_all(c, &list, ret);
    return OK;
}

/* to readmit */

static bool is_accepted(const delivery *d) {
    return group_of(d) == COUNTS || group_of(d) == COUNTED;
}

/* Something newer was accepted in its place. */
static status is_replaced(const choice *c, const delivery *d, bool *ret, error *err) {
    deliveries all = {0};
    bool replaced = false;
    TRY(ledger_deliveries_of_identity(c->context->ledger, d->table, d->identity, c->arena, &all,
                                      err));
    for (size_t i = 0; i < all.count; i++)
        replaced =
            replaced || (is_accepted(&all.items[i]) && all.items[i].land_time > d->land_time);
    *ret = replaced;
    return OK;
}

static status waiting_in_quarantine(const choice *c, deliveries *ret, error *err) {
    deliveries refused = of_group(c, REFUSED);
    for (size_t i = 0; i < refused.count; i++) {
        bool replaced = false;
        TRY(is_replaced(c, &refused.items[i], &replaced, err));
        if (!replaced)
            vec_push(c->arena, ret, refused.items[i]);
    }
    return OK;
}

static status refuse_counting(const choice *c, error *err) {
    deliveries all = *c->from;
    error_set(err, E_USAGE, "nothing of \"%s\" is withdrawn or waits in quarantine: %s",
              wish_name(c), candidates_text(c, &all));
    error_hint(err, "What is active counts already; what was replaced since can be named by its "
                    "number.");
    return E_USAGE;
}

/* Of each content one: what is decided for one holds for all of the same bytes. */
static deliveries each_content(const choice *c, const deliveries *list) {
    strmap *seen = strmap_new(c->arena);
    deliveries some = {0};
    for (size_t i = 0; i < list->count; i++) {
        const delivery *d = &list->items[i];
        const char *key =
            arena_printf(c->arena, "%lld %s %s", (long long)d->table, d->sha256, d->identity);
        if (strmap_has(seen, key))
            continue;
        strmap_set(seen, key, seen);
        vec_push(c->arena, &some, *d);
    }
    return some;
}

static status choose_aside(const choice *c, deliveries *ret, error *err) {
    bool is_exact = c->fit == FIT_ID || c->fit == FIT_OBJECT;
    bool is_many = c->fit == FIT_PATTERN;
    deliveries withdrawn = of_group(c, WITHDRAWN), refused = {0};
    if (is_exact)
        refused = of_group(c, REFUSED);
    else
        TRY(waiting_in_quarantine(c, &refused, err));
    deliveries both = withdrawn;
    if (is_many || withdrawn.count == 0)
        add_all(c, &refused, &both);
    deliveries some = each_content(c, &both);
    if (some.count == 0)
        return refuse_counting(c, err);
    if (some.count > 1 && !is_many)
        return refuse_ambiguous(c, &some, err);
    add_all(c, &some, ret);
    return OK;
}

/* what fits nothing */

typedef struct waiting {
    const char *file; /* NULL: it waits nowhere */
    const lake_table *table;
} waiting;

static void try_land(const choice *c, const char *file, waiting *ret) {
    const lake_table *t = scan_table_of(c->context->lake, file);
    if (ret->file != NULL || t == NULL || !path_is_safe(file)
        || !file_exists(path_join(c->arena, c->context->lake->land, file)))
        return;
    *ret = (waiting){file, t};
}

static waiting find_waiting(const choice *c) {
    const lake *l = c->context->lake;
    waiting found = {0};
    for (size_t i = 0; i < c->wish->files.count; i++)
        try_land(c, c->wish->files.items[i], &found);
    for (size_t i = 0; c->wish->is_name && i < l->table_count; i++)
        if (l->tables[i]->source != NULL)
            try_land(c, path_join(c->arena, l->tables[i]->source->land, c->wish->text), &found);
    return found;
}

static status refuse_waiting(const choice *c, const waiting *w, error *err) {
    const char *file = str_printable(c->arena, w->file);
    error_set(err, E_USAGE, "\"%s\" waits in land and has not been taken in yet", file);
    error_hint(err,
               "`weir land --try %s %s` tells whether it would be accepted, `weir land` takes it "
               "in, and only then can be told what it reaches.",
               w->table->name, path_join(c->arena, c->context->lake->land, file));
    return E_USAGE;
}

static status refuse_unknown(const choice *c, error *err) {
    const find_question *q = c->question;
    if (c->wish->text == NULL)
        error_set(err, E_USAGE, "nothing landed in \"%s\" in that range",
                  q->table != NULL ? q->table->name : "any table");
    else
        error_set(err, E_USAGE, "no delivery%s%s is called \"%s\"", q->table != NULL ? " of " : "",
                  q->table != NULL ? q->table->name : "", wish_name(c));
    if (c->wish->nearest != NULL)
        error_hint(err, "Did you mean \"%s\"?", str_printable(c->arena, c->wish->nearest));
    else
        error_hint(err, "`weir query 'SELECT delivery, file, land_time, state FROM weir.delivery'` "
                        "lists them.");
    return E_USAGE;
}

static status refuse_all(const choice *c, error *err) {
    waiting found = find_waiting(c);
    return found.file != NULL ? refuse_waiting(c, &found, err) : refuse_unknown(c, err);
}

status find_choose(const land_context *context, const find_question *q, const find_wish *w,
                   arena *a, deliveries *ret, error *err) {
    choice c = {.context = context, .question = q, .wish = w, .fit = find_best_fit(w), .arena = a};
    if (c.fit == FIT_COUNT)
        return refuse_all(&c, err);
    c.from = &w->fits[c.fit];
    if (q->purpose == FIND_TO_READMIT)
        return choose_aside(&c, ret, err);
    return c.fit == FIT_PATTERN ? choose_many(&c, ret, err) : choose_named(&c, ret, err);
}
