#include "lake/sql_require.h"

#include "base/str.h"
#include "lake/sql_tree.h"

/* Tags for one side of a join. */
typedef struct side {
    sql_rel *rel;
    size_t first, end; /* its columns among the join's */
    sql_tags tags;     /* over its own columns */
    bool tied;         /* every tag has an expression there */
} side;

static const sql_facts_known NO_FACTS = {0};

static bool fail(sql_reason *why, int64_t location, const char *text) {
    *why = (sql_reason){.text = text, .location = location};
    return false;
}

static bool stop_at_nothing(sql_following *f, const sql_rel *rel, const sql_reason *why) {
    if (rel->from_nothing && !f->groundless.text)
        f->groundless = *why;
    return false;
}

static void note_misalignment(sql_following *f, const char *text, int64_t location) {
    if (!f->misalignment.text)
        f->misalignment = (sql_reason){.text = text, .location = location};
}

void sql_leave_whole(sql_rel *rel, sql_reason why) {
    if (!rel)
        return;
    if (rel->kind == REL_TABLE) {
        if (rel->mapped || !rel->why.text)
            rel->why = why;
        rel->mapped = false;
    }
    sql_leave_whole(rel->left, why);
    sql_leave_whole(rel->right, why);
    sql_leave_whole(rel->select.from, why);
}

static bool require_table(sql_following *f, sql_rel *rel, const sql_tags *tags, sql_reason *why) {
    if (f->whole[rel->input]) {
        f->stopped_at = (int64_t)rel->input;
        return fail(why, rel->location,
                    arena_printf(f->builder->arena,
                                 "\"%s\" is read whole but makes partition values", rel->name));
    }
    rel->mapped = true;
    rel->map = (sql_exprs){0};
    rel->origin = tags->items[0].origin;
    for (size_t i = 0; i < tags->count; i++)
        vec_push(f->builder->arena, &rel->map, tags->items[i].expr);
    return true;
}

/* Tags over the node below, by what at gives for each column. */
static bool branch_tags(sql_following *f, const sql_rel *setop, const size_t *at,
                        const sql_tags *tags, sql_tags *ret, sql_reason *why) {
    for (size_t i = 0; i < tags->count; i++) {
        sql_tag tag = tags->items[i];
        sql_rel mapped = *setop;
        mapped.items = (sql_items){0};
        for (size_t c = 0; c < setop->items.count; c++) {
            sql_item item = {
                .why = {.text = "a branch that lacks the column", .location = setop->location}};
            if (at[c] != SIZE_MAX)
                item.expr = sql_ref(&f->builder->pool, at[c]);
            vec_push(f->builder->arena, &mapped.items, item);
        }
        tag.expr = sql_descend(f, &mapped, tag.expr, why);
        if (!tag.expr)
            return false;
        vec_push(f->builder->arena, ret, tag);
    }
    return true;
}

/* Branches of different types are cast to a common one, and so change their text. */
static bool check_types(sql_following *f, const sql_rel *setop, const sql_tags *tags,
                        sql_reason *why) {
    for (size_t i = 0; i < tags->count; i++) {
        for (size_t c = 0; c < setop->items.count; c++) {
            if (sql_ref_count(tags->items[i].expr, c, c + 1, NULL) == 0)
                continue;
            if (!sql_type_of(f, setop, setop->items.items[c].expr))
                return fail(why, setop->location,
                            arena_printf(f->builder->arena,
                                         "the branches of %s do not show one type for it",
                                         setop->name));
        }
    }
    return true;
}

static bool all_determined(sql_following *f, const sql_rel *rel, const sql_tags *tags,
                           const sql_exprs *keys, const sql_facts_known *facts,
                           const char **ret_missing) {
    for (size_t i = 0; i < tags->count; i++) {
        *ret_missing = tags->items[i].column;
        if (!sql_is_determined(f, rel, tags->items[i].expr, keys, facts))
            return false;
    }
    return true;
}

static void check_whole_rows(sql_following *f, const sql_rel *setop, const sql_tags *tags) {
    sql_exprs keys = {0};
    const char *missing;
    for (size_t i = 0; i < setop->items.count; i++)
        vec_push(f->builder->arena, &keys, setop->items.items[i].expr);
    if (setop->distinct && !all_determined(f, setop, tags, &keys, &NO_FACTS, &missing))
        note_misalignment(f,
                          arena_printf(f->builder->arena, "%s may merge rows of several \"%s\"",
                                       setop->name, missing),
                          setop->location);
}

static bool require_setop(sql_following *f, sql_rel *rel, const sql_tags *tags, sql_reason *why) {
    sql_tags left = {0}, right = {0};
    sql_reason left_why = {0}, right_why = {0};
    check_whole_rows(f, rel, tags);
    bool has_left = branch_tags(f, rel, rel->left_at, tags, &left, &left_why)
                    && sql_require(f, rel->left, &left, &NO_FACTS, &left_why);
    bool has_right = branch_tags(f, rel, rel->right_at, tags, &right, &right_why)
                     && sql_require(f, rel->right, &right, &NO_FACTS, &right_why);
    if (!has_left)
        sql_leave_whole(rel->left, left_why);
    if (!has_right)
        sql_leave_whole(rel->right, right_why);
    *why = has_left ? right_why : left_why;
    if (!has_left || !has_right)
        return false;
    if (check_types(f, rel, tags, why))
        return true;
    sql_leave_whole(rel, *why);
    return false;
}

static void add_facts(sql_following *f, sql_facts_known *to, const sql_facts_known *from,
                      int64_t delta) {
    sql_builder *b = f->builder;
    for (size_t i = 0; i < from->count; i++) {
        sql_fact fact = from->items[i];
        fact.left = sql_expr_move(&b->pool, b->arena, fact.left, delta);
        fact.right = sql_expr_move(&b->pool, b->arena, fact.right, delta);
        if (fact.left && fact.right)
            vec_push(b->arena, to, fact);
    }
}

/* The equalities that hold in every row that rel gives. */
static sql_facts_known facts_of(sql_following *f, const sql_rel *rel) {
    sql_facts_known facts = {0};
    if (rel->kind != REL_JOIN)
        return facts;
    bool left = rel->join == JOIN_INNER || rel->join == JOIN_LEFT || rel->join == JOIN_HALF;
    bool right = rel->join == JOIN_INNER || rel->join == JOIN_RIGHT;
    sql_facts_known of_left = facts_of(f, rel->left), of_right = facts_of(f, rel->right);
    if (left)
        add_facts(f, &facts, &of_left, 0);
    if (right)
        add_facts(f, &facts, &of_right, (int64_t)rel->left->items.count);
    if (rel->join == JOIN_INNER)
        add_facts(f, &facts, &rel->on, 0);
    return facts;
}

/* Those facts that speak of first <= column < end alone, as facts over these columns. */
static sql_facts_known facts_within(sql_following *f, const sql_facts_known *facts, size_t first,
                                    size_t end) {
    sql_facts_known within = {0}, moved = {0};
    for (size_t i = 0; i < facts->count; i++) {
        size_t left, right;
        if (sql_ref_count(facts->items[i].left, first, end, &left) == left
            && sql_ref_count(facts->items[i].right, first, end, &right) == right)
            vec_push(f->builder->arena, &within, facts->items[i]);
    }
    add_facts(f, &moved, &within, -(int64_t)first);
    return moved;
}

static void check_groupings(sql_following *f, const sql_rel *rel, const sql_tags *tags,
                            const sql_facts_known *facts) {
    for (size_t i = 0; i < rel->select.groupings.count; i++) {
        const sql_grouping *g = &rel->select.groupings.items[i];
        const char *missing;
        if (!all_determined(f, rel->select.from, tags, &g->keys, facts, &missing))
            note_misalignment(
                f, arena_printf(f->builder->arena, "%s does not contain \"%s\"", g->name, missing),
                g->location);
    }
}

static bool descend_tags(sql_following *f, const sql_rel *rel, const sql_tags *tags, sql_tags *ret,
                         sql_reason *why) {
    for (size_t i = 0; i < tags->count; i++) {
        sql_tag tag = tags->items[i];
        sql_reason obstacle = {0};
        bool plain = sql_is_ref(tag.expr) && sql_ref_index(tag.expr) < rel->items.count;
        const sql_item *item = plain ? &rel->items.items[sql_ref_index(tag.expr)] : NULL;
        tag.expr = sql_descend(f, rel, tag.expr, &obstacle);
        if (!tag.expr)
            return fail(why, obstacle.location,
                        arena_printf(f->builder->arena, "\"%s\" is made by %s", tag.column,
                                     obstacle.text ? obstacle.text : "what has no map"));
        if (item && (tag.origin == SQL_NO_PLACE || !sql_is_ref(tag.expr)))
            tag.origin = item->location;
        vec_push(f->builder->arena, ret, tag);
    }
    return true;
}

/* GROUPING SETS put NULL for whatever equals one of their expressions, so nothing but a key that
 * is in every set is itself in every row. */
static bool are_keys(const sql_tags *tags, const sql_exprs *keys, const char **ret_missing) {
    for (size_t i = 0; i < tags->count; i++) {
        bool found = false;
        for (size_t k = 0; k < keys->count; k++)
            found = found || json_equal(tags->items[i].expr, keys->items[k]);
        *ret_missing = tags->items[i].column;
        if (!found)
            return false;
    }
    return true;
}

static bool require_select(sql_following *f, sql_rel *rel, const sql_tags *tags, sql_reason *why) {
    const sql_select *s = &rel->select;
    sql_tags below = {0};
    const char *missing;
    if (!s->from) {
        fail(why, rel->location, "a SELECT without FROM makes partition values");
        return stop_at_nothing(f, rel, why);
    }
    if (s->collapse.text) {
        *why = s->collapse;
        return false;
    }
    if (!descend_tags(f, rel, tags, &below, why))
        return false;
    sql_facts_known facts = facts_of(f, s->from);
    add_facts(f, &facts, &s->facts, 0);
    if (s->nulled.text && !are_keys(&below, &s->common_keys, &missing))
        return fail(why, s->nulled.location,
                    arena_printf(f->builder->arena, "%s makes rows without \"%s\"", s->nulled.text,
                                 missing));
    check_groupings(f, rel, &below, &facts);
    return sql_require(f, s->from, &below, &s->facts, why);
}

static side side_of(const sql_rel *join, bool right) {
    size_t width = join->left->items.count;
    return (side){.rel = right ? join->right : join->left,
                  .first = right ? width : 0,
                  .end = right ? join->items.count : width};
}

/* The tags by columns of the side alone. */
static void tie(sql_following *f, const sql_rel *join, side *s, const sql_tags *tags,
                const sql_facts_known *facts) {
    sql_builder *b = f->builder;
    s->tied = true;
    for (size_t i = 0; i < tags->count && s->tied; i++) {
        sql_tag tag = tags->items[i];
        tag.expr = sql_rewrite(f, join, tag.expr, s->first, s->end, facts);
        if (tag.expr)
            tag.expr = sql_expr_move(&b->pool, b->arena, tag.expr, -(int64_t)s->first);
        s->tied = tag.expr != NULL;
        if (s->tied)
            vec_push(b->arena, &s->tags, tag);
    }
}

/* Require the side's tags, or leave it whole. What stood in the way inside a side that is read
 * whole does not matter. */
static bool follow_side(sql_following *f, const sql_rel *join, side *s,
                        const sql_facts_known *facts, sql_reason *why) {
    sql_reason before = f->misalignment;
    sql_facts_known own = facts_within(f, facts, s->first, s->end);
    if (!s->tied)
        fail(why, join->location,
             arena_printf(f->builder->arena,
                          "no equality of same types in the %s ties it to the partition columns",
                          join->name));
    else if (sql_require(f, s->rel, &s->tags, &own, why))
        return true;
    f->misalignment = before;
    sql_leave_whole(s->rel, *why);
    return false;
}

static bool require_inner(sql_following *f, sql_rel *rel, const sql_tags *tags,
                          const sql_facts_known *facts, sql_reason *why) {
    side left = side_of(rel, false), right = side_of(rel, true);
    sql_facts_known known = facts_of(f, rel);
    add_facts(f, &known, facts, 0);
    tie(f, rel, &left, tags, &known);
    tie(f, rel, &right, tags, &known);
    if (!left.tied && !right.tied)
        return fail(why, rel->location,
                    arena_printf(f->builder->arena,
                                 "the partition columns come from both sides of the %s, which no "
                                 "equality of same types ties",
                                 rel->name));
    sql_reason left_why = {0}, right_why = {0};
    bool has_left = follow_side(f, rel, &left, &known, &left_why);
    bool has_right = follow_side(f, rel, &right, &known, &right_why);
    *why = left.tied ? left_why : right_why;
    return has_left || has_right;
}

static bool comes_from(const sql_tags *tags, const side *s) {
    for (size_t i = 0; i < tags->count; i++) {
        size_t all;
        if (sql_ref_count(tags->items[i].expr, s->first, s->end, &all) != all)
            return false;
    }
    return true;
}

/* LEFT, RIGHT, SEMI, ANTI, ASOF: rows of the kept side come out whether they match or not, so
 * the tags must be theirs. A match is only ever looked for among rows of the same tag when the
 * join's own condition says so: what WHERE says comes too late. */
static bool require_kept(sql_following *f, sql_rel *rel, const sql_tags *tags,
                         const sql_facts_known *facts, sql_reason *why) {
    bool right_kept = rel->join == JOIN_RIGHT;
    side kept = side_of(rel, right_kept), other = side_of(rel, !right_kept);
    if ((rel->nearest && right_kept) || !comes_from(tags, &kept))
        return fail(why, rel->location,
                    arena_printf(f->builder->arena,
                                 "the partition columns come from the side of the %s that may be "
                                 "absent",
                                 rel->name));
    sql_facts_known known = {0}, of_left = facts_of(f, rel->left),
                    of_right = facts_of(f, rel->right);
    add_facts(f, &known, &of_left, 0);
    add_facts(f, &known, &of_right, (int64_t)rel->left->items.count);
    add_facts(f, &known, &rel->on, 0);
    tie(f, rel, &kept, tags, &NO_FACTS);
    tie(f, rel, &other, tags, &known);
    if (!follow_side(f, rel, &kept, facts, why)) {
        sql_leave_whole(other.rel, *why);
        return false;
    }
    sql_reason ignored = {0};
    follow_side(f, rel, &other, &NO_FACTS, &ignored);
    return true;
}

/* The two columns of coalesce(left.d, right.d), if that is what expr is. */
static bool read_coalesce(const json_t *expr, const side *left, const side *right, json_t **l,
                          json_t **r) {
    const json_t *children = json_object_get(expr, "children");
    if (!sql_is(expr, "type", "OPERATOR_COALESCE") || json_array_size(children) != 2)
        return false;
    json_t *first = json_array_get(children, 0), *second = json_array_get(children, 1);
    bool swapped = sql_ref_count(first, right->first, right->end, NULL) > 0;
    *l = swapped ? second : first;
    *r = swapped ? first : second;
    return sql_is_ref(*l) && sql_is_ref(*r) && sql_ref_count(*l, left->first, left->end, NULL) == 1
           && sql_ref_count(*r, right->first, right->end, NULL) == 1;
}

static bool split_coalesce(sql_following *f, const sql_rel *join, const sql_tag *tag, side *left,
                           side *right) {
    sql_builder *b = f->builder;
    sql_tag of_left = *tag, of_right = *tag;
    json_t *l, *r;
    if (!read_coalesce(tag->expr, left, right, &l, &r))
        return false;
    sql_exprs key = {0};
    vec_push(b->arena, &key, r);
    if (!sql_is_determined(f, join, l, &key, &join->on))
        return false;
    of_left.expr = l;
    of_right.expr = sql_expr_move(&b->pool, b->arena, r, -(int64_t)right->first);
    vec_push(b->arena, &left->tags, of_left);
    vec_push(b->arena, &right->tags, of_right);
    return true;
}

/* Both sides make partition values: every tag must be coalesce(left.d, right.d) with left.d =
 * right.d among the conditions, as USING makes it. */
static bool require_full(sql_following *f, sql_rel *rel, const sql_tags *tags, sql_reason *why) {
    side left = side_of(rel, false), right = side_of(rel, true);
    left.tied = right.tied = true;
    for (size_t i = 0; i < tags->count; i++) {
        if (!split_coalesce(f, rel, &tags->items[i], &left, &right))
            return fail(why, rel->location,
                        arena_printf(f->builder->arena,
                                     "\"%s\" is not coalesce() of columns that the %s equates",
                                     tags->items[i].column, rel->name));
    }
    bool has_left = follow_side(f, rel, &left, &NO_FACTS, why);
    bool has_right = follow_side(f, rel, &right, &NO_FACTS, why);
    return has_left && has_right;
}

static bool require_join(sql_following *f, sql_rel *rel, const sql_tags *tags,
                         const sql_facts_known *facts, sql_reason *why) {
    switch (rel->join) {
    case JOIN_INNER:
        return rel->nearest ? require_kept(f, rel, tags, facts, why)
                            : require_inner(f, rel, tags, facts, why);
    case JOIN_LEFT:
    case JOIN_RIGHT:
    case JOIN_HALF:
        return require_kept(f, rel, tags, facts, why);
    case JOIN_FULL:
        return require_full(f, rel, tags, why);
    case JOIN_OTHER:
        break;
    }
    return fail(why, rel->location, rel->name);
}

static bool require_kind(sql_following *f, sql_rel *rel, const sql_tags *tags,
                         const sql_facts_known *facts, sql_reason *why) {
    switch (rel->kind) {
    case REL_TABLE:
        return require_table(f, rel, tags, why);
    case REL_SELECT:
        return require_select(f, rel, tags, why);
    case REL_SETOP:
        return require_setop(f, rel, tags, why);
    case REL_JOIN:
        return require_join(f, rel, tags, facts, why);
    case REL_OPAQUE:
        break;
    }
    fail(why, rel->location,
         arena_printf(f->builder->arena, "%s makes partition values", rel->name));
    return stop_at_nothing(f, rel, why);
}

bool sql_require(sql_following *f, sql_rel *rel, const sql_tags *tags, const sql_facts_known *facts,
                 sql_reason *why) {
    if (!require_kind(f, rel, tags, facts, why)) {
        sql_leave_whole(rel, *why);
        return false;
    }
    if (rel->cut.text)
        note_misalignment(f, rel->cut.text, rel->cut.location);
    return true;
}
