/* Whatever is delivered, withdrawn and redefined in whatever order: what was built piece by piece
 * is what the SQL gives over everything at once. WEIR_SEEDS=from-to tries other seeds. */
#include "world.h"

#include "base/number.h"

#include <inttypes.h>

enum { STEPS = 24, FILES_MAX = 64 };

typedef struct file {
    int64_t id;
    const char *name;
    bool active, bad;
} file;

typedef struct game {
    world *w;
    uint64_t random;
    file files[FILES_MAX];
    size_t count;
    int64_t names;
    unsigned partitioning, columns_of_month;
    bool has_total;
} game;

static unsigned pick(game *g, unsigned choices) {
    g->random = g->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(g->random >> 33) % choices;
}

static void define(game *g) {
    static const char *const PARTITIONINGS[] = {"partition_by: [event_date]\n", "{}\n",
                                                "partition_by: [shop]\n",
                                                "partition_by: [event_date, shop]\n"};
    static const char *const MONTHS[] = {
        "SELECT cast(date_trunc('month', event_date) AS date) AS month, shop,"
        " sum(amount) AS total FROM silver.sales GROUP BY ALL\n",
        "SELECT cast(date_trunc('month', event_date) AS date) AS month, shop,"
        " sum(amount) AS total, count(*) AS n FROM silver.sales GROUP BY ALL\n"};
    world *w = g->w;
    world_write(w, "tables/silver/sales.yaml", PARTITIONINGS[g->partitioning]);
    world_write(w, "tables/gold/month.sql", MONTHS[g->columns_of_month]);
    if (g->has_total)
        world_write(w, "tables/gold/total.sql",
                    "SELECT sum(amount) AS total, count(*) AS n FROM silver.sales\n");
    world_define(w);
}

static const char *random_body(game *g, bool bad) {
    buf body = buf_new(g->w->a);
    unsigned rows = 1 + pick(g, 4);
    buf_add(&body, "day,shop,amount\n");
    for (unsigned i = 0; i < rows; i++)
        buf_printf(&body, "2020-0%u-0%u,%c,%s%u\n", 1 + pick(g, 2), 1 + pick(g, 3),
                   (char)('A' + pick(g, 3)), bad ? "x" : "", pick(g, 3));
    return body.text;
}

static void deliver(game *g, const char *name, bool bad) {
    if (g->count == FILES_MAX)
        return;
    file *f = &g->files[g->count++];
    *f = (file){.name = name, .active = true, .bad = bad};
    f->id = world_deliver(g->w, "raw.sales", name, random_body(g, bad));
}

static file *pick_file(game *g, bool active) {
    size_t from = g->count > 0 ? pick(g, (unsigned)g->count) : 0;
    for (size_t i = 0; i < g->count; i++) {
        file *f = &g->files[(from + i) % g->count];
        if (f->active == active)
            return f;
    }
    return NULL;
}

static void deactivate(game *g, file *f, delivery_state state) {
    f->active = false;
    world_set_state(g->w, f->id, state);
}

static void correct(game *g, file *f) {
    deactivate(g, f, DELIVERY_SUPERSEDED);
    deliver(g, f->name, false);
}

static void reactivate(game *g, file *f) {
    for (size_t i = 0; i < g->count; i++)
        if (g->files[i].active && str_eq(g->files[i].name, f->name))
            return;
    f->active = true;
    world_set_state(g->w, f->id, DELIVERY_ACTIVE);
}

static void redefine(game *g) {
    unsigned what = pick(g, 3);
    if (what == 0)
        g->partitioning = pick(g, 4);
    else if (what == 1)
        g->columns_of_month ^= 1;
    else if (g->has_total)
        world_remove(g->w, "tables/gold/total.sql");
    g->has_total = what == 2 ? !g->has_total : g->has_total;
    define(g);
}

static void change(game *g) {
    unsigned what = pick(g, 12);
    file *f = pick_file(g, what != 8);
    if (what < 4)
        deliver(g, arena_printf(g->w->a, "f%" PRId64 ".csv", g->names++), false);
    else if (what == 4)
        deliver(g, arena_printf(g->w->a, "f%" PRId64 ".csv", g->names++), true);
    else if (what < 7 && f)
        correct(g, f);
    else if (what == 7 && f)
        deactivate(g, f, DELIVERY_WITHDRAWN);
    else if (what == 8 && f)
        reactivate(g, f);
    else if (what > 8)
        redefine(g);
}

#define WHOLE                                                                         \
    "(SELECT cast(day AS date) AS event_date, shop, cast(amount AS bigint) AS amount" \
    " FROM raw.sales)"

static void assert_same(game *g, const char *table, const char *built, const char *whole) {
    world *w = g->w;
    const char *is = world_query(w, table, built);
    const char *should = world_query(w, "raw.sales", whole);
    if (!str_eq(is, should))
        fail_msg("%s is %s and should be %s", table, is, should);
}

static void assert_whole(game *g) {
    assert_same(g, "silver.sales", "FROM silver.sales ORDER BY ALL", "FROM " WHOLE " ORDER BY ALL");
    assert_same(
        g, "gold.month", "SELECT month, shop, total FROM gold.month ORDER BY ALL",
        "SELECT cast(date_trunc('month', event_date) AS date), shop, sum(amount) FROM " WHOLE
        " GROUP BY ALL ORDER BY ALL");
    if (g->has_total && g->count > 0)
        assert_same(g, "gold.total", "FROM gold.total", "SELECT sum(amount), count(*) FROM " WHOLE);
}

static bool has_bad(const game *g) {
    for (size_t i = 0; i < g->count; i++)
        if (g->files[i].active && g->files[i].bad)
            return true;
    return false;
}

static void run(game *g) {
    static const char *const TABLES[] = {"silver.sales", "gold.month"};
    if (pick(g, 4) == 0) {
        world_run_only(g->w, TABLES[pick(g, 2)]);
        return;
    }
    world_run(g->w);
    if (has_bad(g))
        return;
    assert_string_equal(world_failed(g->w), "");
    assert_whole(g);
    world_run(g->w);
    assert_string_equal(world_counts(g->w), "");
    world_assert_no_garbage(g->w);
}

static void withdraw_bad(game *g) {
    for (size_t i = 0; i < g->count; i++)
        if (g->files[i].active && g->files[i].bad)
            deactivate(g, &g->files[i], DELIVERY_WITHDRAWN);
}

static void play(world *w, uint64_t seed) {
    game g = {.w = w, .random = seed, .has_total = true};
    world_define_shop(w);
    for (int i = 0; i < STEPS; i++) {
        change(&g);
        if (pick(&g, 2) == 0)
            run(&g);
    }
    withdraw_bad(&g);
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_whole(&g);
}

static void seeds(uint64_t *from, uint64_t *to) {
    const char *range = getenv("WEIR_SEEDS");
    *from = 1, *to = 2;
    if (!range)
        return;
    ARENA_AUTO a = arena_new();
    strings ends = str_split(a, range, '-');
    assert_true(ends.count == 2 && number_uint64(ends.items[0], from)
                && number_uint64(ends.items[1], to));
}

/* One world after the other: each seed needs its own lake. */
static void test_built_in_pieces_is_built_at_once(void **state) {
    world *w = world_of(state);
    uint64_t from, to;
    seeds(&from, &to);
    for (uint64_t seed = from; seed <= to; seed++) {
        print_message("  seed %" PRIu64 "\n", seed);
        play(w, seed);
        world_renew(w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_built_in_pieces_is_built_at_once),
    };
    return WORLD_RUN(tests);
}
