/* The job feeds: maps over files that were taken in before a map was known. */
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

static json_t *unit_document(db *d, const unit *one, const job_maps *maps, arena *a) {
    error problem = {0};
    json_t *feeds = json_array();
    if (read_unit(d, one, maps, a, feeds, &problem) == OK)
        return json_pack("{s:s,s:o}", "id", one->id, "feeds", feeds);
    json_decref(feeds);
    json_t *document = job_error(&problem);
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
    TRY(worker_fresh(c->worker, false, &d, err));
    vec_push(c->arena, &folders, c->worker->temp_dir);
    TRY(db_seal(&d, &all.paths, &folders, err));
    json_t *documents = json_array();
    for (size_t i = 0; i < all.items.count; i++)
        json_array_append_new(documents, unit_document(&d, &all.items.items[i], &maps, c->arena));
    *ret = json_pack("{s:o}", "units", documents);
    return OK;
}
