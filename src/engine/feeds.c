#include "engine/feeds.h"

static char *map_id(arena *a, const lake_table *reader, const lake_input *input) {
    return arena_printf(a, "%s/%s", reader->name, input->table->name);
}

bool feeds_need_rows(const lake_input *input) {
    switch (input->map.kind) {
    case MAP_DERIVED:
    case MAP_EXPRESSION:
        return true;
    case MAP_WINDOW:
    case MAP_AS_OF:
        return input->map.same.count == 0;
    case MAP_SAME:
    case MAP_ALL:
    case MAP_NONE:
        break;
    }
    return false;
}

const strings *feeds_columns(const lake_table *reader, const lake_input *input) {
    return input->map.span ? &input->map.span->base : &reader->partition_by;
}

/* What cannot be put in order among the others must not be the newest of them. */
static char *ordered(arena *a, const char *expression, const char *type) {
    const char *last = str_eq(type, "DATE") ? "9999-12-31" : "9999-12-31 23:59:59.999999";
    return arena_printf(a,
                        "CASE WHEN (%s\n) > %s '%s' AND isfinite((%s\n)) OR (%s\n) < %s"
                        " '0001-01-01' AND isfinite((%s\n)) THEN error('the time of the row is not"
                        " in the years 1 to 9999') ELSE (%s\n) END",
                        expression, type, last, expression, expression, type, expression,
                        expression);
}

const char *feeds_expression(arena *a, const lake_input *input, size_t place) {
    const sql_map *map = &input->map;
    if (map->kind == MAP_SAME)
        return sql_identifier(a, map->same.items[place]);
    const char *expression = map->expressions.items[place];
    bool is_column = columns_find(&input->table->columns, expression) >= 0;
    if (!map->where || is_column) /* a column itself can always be told */
        return expression;
    return arena_printf(a, "CASE WHEN (%s\n) THEN (%s\n) END", map->where, expression);
}

static const char *column_expression(arena *a, const lake_input *input, size_t i,
                                     const char *type) {
    const char *expression = feeds_expression(a, input, i);
    bool moves = input->map.kind == MAP_AS_OF && i + 1 == input->map.span->base.count;
    return moves ? ordered(a, expression, type) : expression;
}

static json_t *map_document(arena *a, const lake_table *reader, const lake_input *input) {
    json_t *list = json_array();
    const strings *names = feeds_columns(reader, input);
    for (size_t i = 0; i < names->count; i++) {
        int place = columns_find(&reader->columns, names->items[i]);
        ASSERT(place >= 0);
        const char *type = reader->columns.items[place].type;
        json_array_append_new(list, json_pack("{s:s, s:s}", "expression",
                                              column_expression(a, input, i, type), "type", type));
    }
    return json_pack("{s:s, s:o, s:s*}", "id", map_id(a, reader, input), "columns", list, "where",
                     input->map.where);
}

json_t *feeds_map_of(const lake_table *reader, const lake_input *input) {
    json_t *maps = json_array();
    ARENA_AUTO a = arena_new();
    if (feeds_need_rows(input))
        json_array_append_new(maps, map_document(a, reader, input));
    return maps;
}

json_t *feeds_maps(const lake *l, const lake_table *t) {
    ARENA_AUTO a = arena_new();
    json_t *maps = json_array();
    lake_readers readers = lake_readers_of(l, t, a);
    for (size_t i = 0; i < readers.count; i++)
        if (feeds_need_rows(readers.items[i].input))
            json_array_append_new(maps,
                                  map_document(a, readers.items[i].table, readers.items[i].input));
    return maps;
}

static const json_t *answer_for(const json_t *answer, const char *id) {
    size_t i;
    const json_t *feed;
    json_array_foreach(answer, i, feed) {
        if (str_eq(json_get_string(feed, "id", ""), id))
            return feed;
    }
    return NULL;
}

static status read_values(const json_t *row, size_t count, arena *a, const char ***ret,
                          error *err) {
    if (!json_is_array(row) || json_array_size(row) != count)
        return error_set(err, E_ENGINE, "the worker's answer has a partition of another width");
    const char **values = ARENA_ARRAY(a, const char *, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(row, i);
        if (!json_is_string(value) && !json_is_null(value))
            return error_set(err, E_ENGINE,
                             "the worker's answer has a partition value that is no text");
        values[i] = arena_strdup(a, json_string_value(value));
    }
    *ret = values;
    return OK;
}

typedef struct counted {
    const char *text;
    int64_t rows;
} counted;

static int by_text(const void *left, const void *right) {
    return strcmp(((const counted *)left)->text, ((const counted *)right)->text);
}

/* Sorted, because everything downstream (keys, plans, output) is in the order of texts. */
static void take_sorted(arena *a, counted *list, size_t count, unit_feed *feed) {
    if (count > 0)
        qsort(list, count, sizeof *list, by_text);
    feed->rows = ARENA_ARRAY(a, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        if (feed->partitions.count > 0
            && str_eq(feed->partitions.items[feed->partitions.count - 1], list[i].text)) {
            feed->rows[feed->partitions.count - 1] += list[i].rows;
            continue;
        }
        feed->rows[feed->partitions.count] = list[i].rows;
        vec_push(a, &feed->partitions, list[i].text);
    }
}

static status read_rows(const lake_table *reader, const lake_input *input, const json_t *answer,
                        arena *a, unit_feed *feed, error *err) {
    const char *id = map_id(a, reader, input);
    const json_t *found = answer_for(answer, id);
    if (!found)
        return error_set(err, E_ENGINE, "the worker's answer lacks the map \"%s\"", id);
    json_t *partitions = NULL, *rows = json_object_get(found, "rows");
    TRY(json_need_array(found, "partitions", &partitions, err));
    const strings *names = feeds_columns(reader, input);
    size_t count = json_array_size(partitions);
    counted *list = ARENA_ARRAY(a, counted, count);
    for (size_t i = 0; i < count; i++) {
        const char **values = NULL;
        TRY(read_values(json_array_get(partitions, i), names->count, a, &values, err));
        list[i].text = partition_text(a, names, values);
        list[i].rows = json_integer_value(json_array_get(rows, i));
    }
    take_sorted(a, list, count, feed);
    return OK;
}

/* The input's partition names the reader's: pick the values of the columns that it shares. NULL: it
 * is one of an older partitioning, and what takes its place will say. */
static const char *same_partition(const lake_table *reader, const lake_input *input,
                                  const char *partition, arena *a) {
    const strings *from = &input->table->partition_by, *to = feeds_columns(reader, input);
    const char **values = NULL, **own = ARENA_ARRAY(a, const char *, to->count);
    if (partition_values(partition, from, a, &values, NULL) != OK)
        return NULL;
    for (size_t i = 0; i < to->count; i++)
        for (size_t j = 0; j < from->count; j++)
            if (str_eq(from->items[j], input->map.same.items[i]))
                own[i] = values[j];
    return partition_text(a, to, own);
}

status feeds_read_edge(const lake_table *reader, const lake_input *input, const json_t *answer,
                       const char *partition, arena *a, unit_feed *ret, error *err) {
    unit_feed feed = {.reader = reader, .input = input};
    const char *only = FEEDS_EVERY_PARTITION;
    if (feeds_need_rows(input)) {
        TRY(read_rows(reader, input, answer, a, &feed, err));
        *ret = feed;
        return OK;
    }
    if (input->map.kind != MAP_ALL) {
        ASSERT(partition != NULL);
        only = same_partition(reader, input, partition, a);
    }
    if (only != NULL)
        vec_push(a, &feed.partitions, only);
    feed.rows = ARENA_ARRAY(a, int64_t, 1);
    *ret = feed;
    return OK;
}

status feeds_read(const lake *l, const lake_table *t, const json_t *answer, const char *partition,
                  arena *a, unit_feeds *ret, error *err) {
    unit_feeds feeds = {0};
    lake_readers readers = lake_readers_of(l, t, a);
    for (size_t i = 0; i < readers.count; i++) {
        unit_feed feed;
        TRY(feeds_read_edge(readers.items[i].table, readers.items[i].input, answer, partition, a,
                            &feed, err));
        vec_push(a, &feeds, feed);
    }
    *ret = feeds;
    return OK;
}
