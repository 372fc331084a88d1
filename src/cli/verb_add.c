#include "cli/verb.h"

#include "base/path.h"
#include "cli/document.h"
#include "cli/proposal.h"
#include "cli/session.h"

#include <dirent.h>
#include <limits.h>

typedef struct addition {
    const char *layer;
    const char *name;
    const char *table; /* layer.name */
    const char *yaml;  /* the file to write */
    const char *file;  /* the file to look at, absolute */
    const char *format;
} addition;

static status parse_name(const session *s, const char *text, addition *add, error *err) {
    const lake *l = s->lake;
    const char *dot = strchr(text, '.');
    add->layer =
        dot == NULL ? l->layers[0].name : arena_strndup(s->arena, text, (size_t)(dot - text));
    add->name = dot == NULL ? text : dot + 1;
    add->table = arena_printf(s->arena, "%s.%s", add->layer, add->name);
    if (!str_is_name(add->name)) {
        error_set(err, E_USAGE, "\"%s\" cannot be a table's name", add->name);
        error_hint(err, "Use lower-case letters, digits and _, first a letter.");
        return E_USAGE;
    }
    strings layers = {0};
    for (size_t i = 0; i < l->layer_count; i++)
        vec_push(s->arena, &layers, l->layers[i].name);
    if (strings_contain(&layers, add->layer))
        return OK;
    error_set(err, E_USAGE, "there is no layer \"%s\"", add->layer);
    error_hint(err, "lake.yaml names the layers %s.", str_join(s->arena, &layers, ", "));
    return E_USAGE;
}

/* Names that landing would take: neither hidden nor unfinished. */
static bool is_delivery(const char *name) {
    return name[0] != '.' && name[0] != '_' && !str_ends(name, ".tmp") && !str_ends(name, ".part");
}

/* The first file by name, in the folder or one folder below it and so on. */
static const char *first_file(const session *s, const char *dir) {
    DIR *open = opendir(dir);
    if (open == NULL)
        return NULL;
    strings files = {0}, folders = {0};
    for (const struct dirent *e = readdir(open); e != NULL; e = readdir(open)) {
        if (!is_delivery(e->d_name) || !str_is_utf8(e->d_name, strlen(e->d_name)))
            continue;
        const char *path = path_join(s->arena, dir, e->d_name);
        if (e->d_type == DT_REG)
            vec_push(s->arena, &files, path);
        else if (e->d_type == DT_DIR)
            vec_push(s->arena, &folders, path);
    }
    closedir(open);
    strings_sort(&files);
    strings_sort(&folders);
    const char *found = files.count > 0 ? files.items[0] : NULL;
    for (size_t i = 0; found == NULL && i < folders.count; i++)
        found = first_file(s, folders.items[i]);
    return found;
}

static status find_file(const session *s, addition *add, error *err) {
    const strings *arguments = &s->command->options->arguments;
    if (arguments->count == 2) {
        char full[PATH_MAX];
        const char *given = arguments->items[1];
        if (realpath(given, full) == NULL)
            return error_set(err, E_NOT_FOUND, "there is no file \"%s\"", given);
        add->file = arena_strdup(s->arena, full);
        return OK;
    }
    const char *land = path_join(s->arena, s->lake->land, add->name);
    add->file = first_file(s, land);
    if (add->file != NULL)
        return OK;
    error_set(err, E_NOT_FOUND, "no file lies in \"%s\"", land);
    error_hint(err, "Put one there, or name one: weir add %s FILE", add->table);
    return E_NOT_FOUND;
}

static status find_format(const session *s, addition *add, error *err) {
    static const struct {
        const char *ending;
        const char *format;
    } ENDINGS[] = {{".csv", "csv"},        {".tsv", "csv"},    {".txt", "csv"},
                   {".json", "json"},      {".jsonl", "json"}, {".ndjson", "json"},
                   {".parquet", "parquet"}};
    char *name = str_lower(s->arena, path_name(add->file));
    size_t size = strlen(name);
    if (str_ends(name, ".gz"))
        name[size - 3] = '\0';
    else if (str_ends(name, ".zst"))
        name[size - 4] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(ENDINGS); i++)
        if (str_ends(name, ENDINGS[i].ending)) {
            add->format = ENDINGS[i].format;
            return OK;
        }
    error_set(err, E_USAGE, "\"%s\" has no ending that says its format", add->file);
    error_hint(err, "Known are .csv, .tsv, .txt, .json, .jsonl, .ndjson and .parquet, also with "
                    ".gz or .zst; for others write `format: opaque` yourself.");
    return E_USAGE;
}

static const char *compression_of(const char *file) {
    if (str_ends(file, ".gz"))
        return "gzip";
    return str_ends(file, ".zst") ? "zstd" : "none";
}

static status propose(const session *s, const addition *add, char **ret, error *err) {
    JSON_AUTO job = json_pack("{s:s, s:s, s:s, s:s}", "op", "infer", "path", add->file, "format",
                              add->format, "compression", compression_of(add->file));
    JSON_AUTO seen = NULL;
    TRY(engine_call(s->engine, job, &seen, err));
    const proposal p = {.file = path_name(add->file), .format = add->format, .seen = seen};
    return proposal_text(&p, s->arena, ret, err);
}

static status write_yaml(const session *s, const addition *add, const char *text, error *err) {
    bool force = option_given(s->command->options, OPTION_FORCE);
    if (file_exists(add->yaml) && !force) {
        error_set(err, E_EXISTS, "\"%s\" is there already", add->yaml);
        error_hint(err, "--force replaces it, -n shows what would be written.");
        return E_EXISTS;
    }
    TRY(dir_make(path_parent(s->arena, add->yaml), err));
    return file_write_atomic(add->yaml, text, strlen(text), err);
}

static void tell(const session *s, const addition *add, const char *text) {
    output *o = s->command->out;
    if (o->format != OUTPUT_TABLE) {
        JSON_AUTO document = document_new();
        json_object_set_new(document, "table", output_string(add->table));
        json_object_set_new(document, "yaml", output_string(add->yaml));
        json_object_set_new(document, "text", output_string(text));
        output_json(o, document);
        return;
    }
    output_say(o, "wrote %s. Next:", add->yaml);
    output_say(o, "  weir validate");
    output_say(o, "  weir land --try %s %s", add->table, add->file);
}

static status add_table(session *s, error *err) {
    addition add = {0};
    TRY(parse_name(s, s->command->options->arguments.items[0], &add, err));
    TRY(find_file(s, &add, err));
    TRY(find_format(s, &add, err));
    add.yaml = path_join(s->arena, s->lake->dir,
                         arena_printf(s->arena, "tables/%s/%s.yaml", add.layer, add.name));
    char *text = NULL;
    TRY(propose(s, &add, &text, err));
    if (option_given(s->command->options, OPTION_DRY_RUN)) {
        fputs(text, s->command->out->stream);
        return OK;
    }
    TRY(write_yaml(s, &add, text, err));
    tell(s, &add, text);
    return OK;
}

status verb_add(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_DEFINITION, &s, err);
    if (result == OK)
        result = add_table(&s, err);
    session_close(&s);
    return result;
}
