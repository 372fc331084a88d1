/* The job feeds: maps over files that were taken in before a map was known. */
#include "base/number.h"
#include "engine/duckdb/digest.h"
#include "engine/duckdb/maps.h"
#include "engine/duckdb/view.h"
#include "engine/duckdb/worker.h"

enum { PARTITIONS_MAX = 10000000 };

typedef struct unit {
    const char *id;
    view_input input;
} unit;

typedef struct units {
    VEC(unit) items;
    strings paths;
} units;

static status read_units(const job_context *c, units *ret, error *err) {
    json_t *list;
    json_t *item;
    size_t i;
    TRY(json_need_array(c->job, "units", &list, err));
    json_array_foreach(list, i, item) {
        unit one;
        json_t *input;
        TRY(json_need_string(item, "id", &one.id, err));
        TRY(json_need_object(item, "input", &input, err));
        TRY(view_read_input(input, c->worker->temp_dir, c->arena, &one.input, &ret->paths, err));
        vec_push(c->arena, &ret->items, one);
    }
    return OK;
}

static status scan_unit(db *d, const unit *one, const job_maps *maps, arena *a, error *err) {
    buf sql = buf_new(a);
    TRY(view_make(d, &one->input, NULL, a, err));
    buf_add(&sql, "CREATE OR REPLACE TEMP TABLE __weir_scan AS SELECT count(*) AS rows");
    maps_add_keys(maps, &sql);
    buf_add(&sql, " FROM ");
    view_add_name(&sql, one->input.table);
    buf_add(&sql, " GROUP BY ALL");
    return db_run(d, sql.text, err);
}

static status read_unit(db *d, const unit *one, const job_maps *maps, arena *a, json_t *feeds,
                        error *err) {
    TRY(scan_unit(d, one, maps, a, err));
    for (size_t m = 0; m < maps->count; m++) {
        json_t *feed = NULL;
        bool more = false;
        TRY(maps_read(d, &maps->items[m], m, "__weir_scan", PARTITIONS_MAX, a, &feed, &more, err));
        json_array_append_new(feeds, feed);
    }
    return OK;
}

/* The sums over all rows of the unit's view. */
static status digest_unit(db *d, const unit *one, arena *a, json_t **ret, error *err) {
    db_table table;
    buf sql = buf_new(a);
    TRY(view_make(d, &one->input, NULL, a, err));
    buf_add(&sql, "SELECT CAST(count(*) AS VARCHAR), ");
    digest_add_hex(&sql, "coalesce(sum(h1), 0)");
    buf_add(&sql, ", ");
    digest_add_hex(&sql, "coalesce(sum(h2), 0)");
    buf_add(&sql, " FROM (SELECT ");
    digest_add_first(&sql, &one->input.columns);
    buf_add(&sql, " AS h1, ");
    digest_add_second(&sql, &one->input.columns);
    buf_add(&sql, " AS h2 FROM ");
    view_add_name(&sql, one->input.table);
    buf_char(&sql, ')');
    TRY(db_rows(d, sql.text, a, &table, err));
    int64_t rows = 0;
    ASSERT(number_int64(db_cell(&table, 0, 0), &rows));
    *ret = json_pack("{s:I,s:s,s:s}", "rows", (json_int_t)rows, "sum1", db_cell(&table, 0, 1),
                     "sum2", db_cell(&table, 0, 2));
    return OK;
}

static status answer_unit(db *d, const unit *one, const job_maps *maps, bool digests, arena *a,
                          json_t *document, error *err) {
    json_t *feeds = json_array(), *digest = NULL;
    json_object_set_new(document, "feeds", feeds);
    if (maps->count > 0 || !digests)
        TRY(read_unit(d, one, maps, a, feeds, err));
    if (digests)
        TRY(digest_unit(d, one, a, &digest, err));
    if (digest)
        json_object_set_new(document, "digest", digest);
    return OK;
}

static json_t *unit_document(db *d, const unit *one, const job_maps *maps, bool digests, arena *a) {
    error problem = {0};
    json_t *document = json_pack("{s:s}", "id", one->id);
    if (answer_unit(d, one, maps, digests, a, document, &problem) == OK)
        return document;
    json_decref(document);
    document = job_error(&problem);
    json_object_set_new(document, "id", json_string(one->id));
    return document;
}

status job_feeds(const job_context *c, json_t **ret, error *err) {
    job_maps maps;
    units all = {0};
    strings folders = {0};
    DB_AUTO d = {0};
    TRY(job_read_maps(c->job, "maps", c->arena, &maps, err));
    TRY(read_units(c, &all, err));
    TRY(worker_fresh(c->worker, (worker_share){0}, &d, err));
    vec_push(c->arena, &folders, c->worker->temp_dir);
    TRY(db_seal(&d, &all.paths, &folders, err));
    json_t *documents = json_array();
    for (size_t i = 0; i < all.items.count; i++)
        json_array_append_new(documents,
                              unit_document(&d, &all.items.items[i], &maps,
                                            json_get_bool(c->job, "digests", false), c->arena));
    *ret = json_pack("{s:o}", "units", documents);
    return OK;
}
