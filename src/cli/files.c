#include "cli/files.h"

#include "base/path.h"

#include <unistd.h>

enum { LIST_SIZE_MAX = 256 * 1024 * 1024, US_PER_S = 1000000 };

static status read_list(const session *s, strings *ret, error *err) {
    char *text = NULL;
    TRY(file_read_fd(STDIN_FILENO, "standard input", LIST_SIZE_MAX, s->arena, &text, NULL, err));
    strings lines = str_split(s->arena, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.items[i];
        size_t size = strlen(line);
        if (size > 0 && line[size - 1] == '\r')
            line = arena_strndup(s->arena, line, --size);
        if (size > 0)
            vec_push(s->arena, ret, line);
    }
    return OK;
}

static status read_files(const session *s, strings *ret, error *err) {
    const strings *arguments = &s->command->options->arguments;
    for (size_t i = 0; i < arguments->count; i++) {
        if (str_eq(arguments->items[i], "-"))
            TRY(read_list(s, ret, err));
        else
            vec_push(s->arena, ret, arguments->items[i]);
    }
    return OK;
}

static status read_table(const session *s, const lake_table **ret, error *err) {
    const char *name = option_text(s->command->options, OPTION_TABLE);
    const lake_table *t = NULL;
    if (name == NULL)
        return OK;
    TRY(lake_table_need(s->lake, name, &t, err));
    if (t->source == NULL) {
        error_set(err, E_USAGE, "\"%s\" is no source table: nothing lands in it", name);
        error_hint(err, "Name the table that the files landed in.");
        return E_USAGE;
    }
    *ret = t;
    return OK;
}

static status read_range(const session *s, find_question *q, error *err) {
    const option_values *o = s->command->options;
    q->has_range = option_given(o, OPTION_LANDED_FROM) || option_given(o, OPTION_LANDED_TO);
    q->to_us = INT64_MAX;
    TRY(option_time(o, OPTION_LANDED_FROM, &q->from_us, err));
    return option_given(o, OPTION_LANDED_TO) ? option_time(o, OPTION_LANDED_TO, &q->to_us, err)
                                             : OK;
}

static status check_question(const command *c, const find_question *q, error *err) {
    if (q->has_range && c->options->arguments.count > 0)
        return error_set(err, E_USAGE, "name files, or a range with --table, not both");
    if (q->has_range && q->table == NULL) {
        error_set(err, E_USAGE, "a range of land times needs its table");
        error_hint(err, "Write --table TABLE --landed-from TIME --landed-to TIME.");
        return E_USAGE;
    }
    if (q->has_range || q->files.count > 0)
        return OK;
    if (c->options->arguments.count > 0)
        return error_set(err, E_USAGE, "standard input names no file");
    error_set(err, E_USAGE, "\"weir %s\" needs a FILE", c->verb->name);
    error_hint(err, "Name files, - for a list on standard input, or --table TABLE with "
                    "--landed-from and --landed-to.");
    return E_USAGE;
}

static status find_folder(const session *s, const char **ret, error *err) {
    char folder[PATH_SIZE_MAX];
    if (getcwd(folder, sizeof folder) == NULL)
        return error_set(err, E_IO, "cannot tell the current folder");
    *ret = arena_strdup(s->arena, folder);
    return OK;
}

status files_find(session *s, find_purpose purpose, deliveries *ret, error *err) {
    find_question q = {.purpose = purpose};
    TRY(read_table(s, &q.table, err));
    TRY(read_range(s, &q, err));
    TRY(read_files(s, &q.files, err));
    TRY(check_question(s->command, &q, err));
    TRY(find_folder(s, &q.folder, err));
    land_context land = session_land_context(s, NULL);
    return find_deliveries(&land, &q, s->arena, ret, err);
}

static const char *table_name(const session *s, const delivery *d) {
    for (size_t i = 0; i < s->lake->table_count; i++)
        if (s->tables[i].id == d->table)
            return s->lake->tables[i]->name;
    return "";
}

json_t *files_row(const session *s, const delivery *d) {
    json_t *row = json_object();
    json_object_set_new(row, "delivery", json_integer(d->id));
    json_object_set_new(row, "table", output_string(table_name(s, d)));
    json_object_set_new(row, "file", output_string(d->file));
    json_object_set_new(row, "state", json_string(delivery_state_name(d->state)));
    json_object_set_new(row, "landed", output_time(d->land_time * US_PER_S));
    json_object_set_new(row, "rows", json_integer(d->rows));
    json_object_set_new(row, "bytes", json_integer(d->bytes));
    return row;
}

char *files_label(const session *s, const delivery *d) {
    bool aside = d->state == DELIVERY_REJECTED || d->state == DELIVERY_WITHDRAWN;
    bool told = aside && d->reason != NULL;
    return arena_printf(s->arena, "%s %s (delivery %lld, %s)%s%s", table_name(s, d),
                        str_printable(s->arena, d->file), (long long)d->id,
                        delivery_state_name(d->state), told ? ": " : "", told ? d->reason : "");
}
