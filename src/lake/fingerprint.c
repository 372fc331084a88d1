#include "base/hash.h"
#include "lake/load.h"

#include <strings.h>

static const char *finish(loader *l, hasher *h) {
    char text[SHA256_TEXT_SIZE];
    hasher_finish(h, text);
    hasher_free(h);
    return arena_strdup(l->arena, text);
}

static void hash_texts(hasher *h, const strings *texts) {
    hasher_int(h, (int64_t)texts->count);
    for (size_t i = 0; i < texts->count; i++)
        hasher_text(h, texts->items[i]);
}

static void hash_columns(hasher *h, const columns *c) {
    char text[SHA256_TEXT_SIZE];
    columns_hash(c, text);
    hasher_text(h, text);
}

/* What is accepted and how it is read; not where files land and when they are taken. */
static const char *source_fingerprint(loader *l, const lake_source *source) {
    hasher *h = hasher_new();
    fields_hash(FILE_SOURCE, true, source, h);
    hasher_int(h, (int64_t)source->columns.count);
    for (size_t i = 0; i < source->columns.count; i++) {
        const lake_column *c = &source->columns.items[i];
        hasher_text(h, c->name);
        hasher_text(h, c->type);
        hasher_int(h, c->nullable);
        hash_texts(h, &c->aliases);
        hasher_text(h, c->minimum);
        hasher_text(h, c->maximum);
    }
    return finish(l, h);
}

static void hash_column(hasher *h, const column *c) {
    hasher_text(h, c->name);
    hasher_text(h, c->type);
}

static bool occurs(const strings *expressions, const char *name) {
    for (size_t i = 0; i < expressions->count; i++)
        if (strcasestr(expressions->items[i], name) != NULL)
            return true;
    return false;
}

/* How rows find partitions. A derived and a written map that say the same feed the same, as long as
 * the columns of a delivery that they speak of keep their types. */
static const char *map_fingerprint(loader *l, const lake_table *t, const lake_input *input) {
    const sql_map *map = &input->map;
    hasher *h = hasher_new();
    bool is_whole = map->kind == MAP_ALL;
    hasher_text(h, is_whole ? "all" : map->kind == MAP_SAME ? "same" : "rows");
    hasher_text(h, input->span);
    hasher_text(h, map->where);
    if (!is_whole)
        hash_texts(h, map->kind == MAP_SAME ? &map->same : &map->expressions);
    for (size_t i = 0; !is_whole && i < t->partition_by.count; i++) {
        hasher_text(h, t->partition_by.items[i]);
        hasher_text(h, t->columns.items[columns_find(&t->columns, t->partition_by.items[i])].type);
    }
    for (size_t i = 0; input->table->source != NULL && i < input->table->columns.count; i++)
        if (occurs(&map->expressions, input->table->columns.items[i].name))
            hash_column(h, &input->table->columns.items[i]);
    hasher_text(h, l->lake->timezone);
    return finish(l, h);
}

/* Could the SQL see this column of an input? Its names are in lower case. */
static bool mentions(const sql_facts *facts, const char *name) {
    for (size_t i = 0; i < facts->column_names.count; i++)
        if (strcasecmp(facts->column_names.items[i], name) == 0)
            return true;
    return facts->has_star;
}

static void add_part(loader *l, lake_table *t, const char *name, hasher *h) {
    vec_push(l->arena, &t->code_parts, ((lake_code_part){.name = name, .hash = finish(l, h)}));
}

static void add_text_part(loader *l, lake_table *t, const char *name, const char *text) {
    hasher *h = hasher_new();
    hasher_text(h, text);
    add_part(l, t, name, h);
}

/* A delivery is read in the types that are declared now, whatever it was taken in with; that of a
 * derived input is part of its content. */
static void add_source_columns(loader *l, const draft *d, const lake_table *input) {
    hasher *h = hasher_new();
    for (size_t i = 0; i < input->columns.count; i++)
        if (mentions(&d->facts, input->columns.items[i].name))
            hash_column(h, &input->columns.items[i]);
    add_part(l, d->table, arena_printf(l->arena, "columns of %s", input->name), h);
}

static void add_input_parts(loader *l, const draft *d) {
    lake_table *t = d->table;
    for (size_t i = 0; i < t->input_count; i++) {
        const lake_input *input = &t->inputs[i];
        const char *name = arena_printf(l->arena, LAKE_MAP_PART "%s", input->table->name);
        add_text_part(l, t, name, input->map_fingerprint);
        if (input->table->source != NULL)
            add_source_columns(l, d, input->table);
    }
}

static void add_result_parts(loader *l, lake_table *t) {
    hasher *of_columns = hasher_new(), *of_partitions = hasher_new();
    hash_columns(of_columns, &t->columns);
    hash_texts(of_partitions, &t->partition_by);
    add_part(l, t, "columns", of_columns);
    add_part(l, t, LAKE_PARTITIONS_PART, of_partitions);
}

static void add_policy_parts(loader *l, lake_table *t) {
    hasher *of_files = hasher_new(), *of_order = hasher_new();
    hasher_int(of_files, t->file_target_bytes);
    hasher_text(of_files, t->file_name);
    add_part(l, t, LAKE_FILES_PART, of_files);
    hasher *of_checks = hasher_new();
    for (size_t i = 0; i < t->checks.count; i++) {
        hasher_int(of_checks, t->checks.items[i].is_unique);
        hash_texts(of_checks, &t->checks.items[i].columns);
    }
    add_part(l, t, "checks", of_checks);
    hasher_int(of_order, t->aligned);
    hasher_int(of_order, t->order_sensitive);
    add_part(l, t, LAKE_ALIGNMENT_PART, of_order);
}

/* What the memo key takes for the code: of the SQL its tree, so that formatting does not matter. */
static const char *table_fingerprint(loader *l, const draft *d) {
    lake_table *t = d->table;
    t->code_parts = (lake_code_parts){0};
    add_text_part(l, t, "sql", d->facts.fingerprint);
    add_result_parts(l, t);
    add_input_parts(l, d);
    add_policy_parts(l, t);
    add_text_part(l, t, LAKE_TIMEZONE_PART, l->lake->timezone);
    hasher *h = hasher_new();
    for (size_t i = 0; i < t->code_parts.count; i++) {
        hasher_text(h, t->code_parts.items[i].name);
        hasher_text(h, t->code_parts.items[i].hash);
    }
    return finish(l, h);
}

/* What the lake is, not where: hosts that share it have its definition in folders of their own. */
static const char *lake_fingerprint(loader *l) {
    lake anywhere = *l->lake;
    anywhere.code_version = NULL;
    anywhere.land = anywhere.store = anywhere.ledger = NULL;
    hasher *h = hasher_new();
    fields_hash(FILE_LAKE, false, &anywhere, h);
    for (size_t i = 0; i < l->lake->layer_count; i++)
        hasher_text(h, l->lake->layers[i].name);
    for (size_t i = 0; i < l->lake->table_count; i++) {
        const lake_table *t = l->lake->tables[i];
        hasher_text(h, t->name);
        hasher_text(h, t->fingerprint);
        hash_columns(h, &t->columns);
        if (t->source != NULL) {
            fields_hash(FILE_SOURCE, false, t->source, h);
            hasher_text(h, t->source->fingerprint);
        } else {
            fields_hash(FILE_DERIVED, false, t, h);
            hasher_text(h, t->sql);
        }
    }
    return finish(l, h);
}

void load_fingerprints(loader *l) {
    for (size_t i = 0; i < l->drafts.count; i++) {
        draft *d = &l->drafts.items[i];
        lake_table *t = d->table;
        if (t->source != NULL) {
            t->source->fingerprint = source_fingerprint(l, t->source);
            t->fingerprint = t->source->fingerprint;
            continue;
        }
        for (size_t j = 0; j < t->input_count; j++) {
            lake_input *in = &t->inputs[j];
            in->span = in->map.span != NULL ? span_text(in->map.span, l->arena) : NULL;
            in->map_fingerprint = map_fingerprint(l, t, in);
        }
        t->fingerprint = table_fingerprint(l, d);
    }
    l->lake->fingerprint = lake_fingerprint(l);
}
