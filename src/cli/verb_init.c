#include "cli/verb.h"

#include "base/path.h"
#include "cli/document.h"
#include "cli/identity.h"
#include "cli/sample.h"
#include "cli/session.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

static const char *find_dir(const command *c) {
    if (c->options->arguments.count > 0)
        return c->options->arguments.items[0];
    const char *dir = option_text(c->options, OPTION_DIR);
    return dir != NULL ? dir : ".";
}

/* A lake's name from its folder: lower case, what may not be in a name becomes '_'. */
static const char *name_from(arena *a, const char *dir) {
    char full[PATH_MAX];
    const char *real = realpath(dir, full);
    const char *folder = path_name(real != NULL ? real : dir);
    char *name = arena_printf(a, "%.*s", 60, str_lower(a, folder));
    for (char *c = name; *c != '\0'; c++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *c) == NULL)
            *c = '_';
    return str_is_name(name) ? name : "lake";
}

static status write_file(const command *c, const char *dir, const char *name, const char *text,
                         error *err) {
    const char *path = path_join(c->arena, dir, name);
    TRY(dir_make(path_parent(c->arena, path), err));
    TRY(file_write_atomic(path, text, strlen(text), err));
    log_write(c->log, LOG_DEBUG, "wrote \"%s\"", path);
    return OK;
}

/* All or nothing: one file that is there already refuses the whole sample. */
static status check_free(const command *c, const char *dir, error *err) {
    for (size_t i = 0; i < SAMPLE_FILE_COUNT; i++) {
        const char *path = path_join(c->arena, dir, SAMPLE_FILES[i].path);
        if (!file_exists(path))
            continue;
        error_set(err, E_EXISTS, "\"%s\" is there already", path);
        error_hint(err, "Name an empty folder, or write a lake.yaml beside it and run `weir init` "
                        "again.");
        return E_EXISTS;
    }
    return OK;
}

static status write_gitignore(const command *c, const char *dir, error *err) {
    if (!file_exists(path_join(c->arena, dir, ".gitignore")))
        return write_file(c, dir, ".gitignore", SAMPLE_GITIGNORE, err);
    log_write(c->log, LOG_WARN, "\".gitignore\" is there already: add /.weir/, /data/ and /land/");
    return OK;
}

/* In quotes, as YAML too reads them. */
static const char *quoted(arena *a, const char *text) {
    JSON_AUTO value = output_string(text);
    return json_text(a, value);
}

static const char *lake_text(const command *c, const char *dir) {
    const char *place = option_text(c->options, OPTION_STORE);
    const char *ledger_place = option_text(c->options, OPTION_LEDGER);
    buf text = buf_new(c->arena);
    buf_printf(&text, "%slake: %s\n%s", SAMPLE_LAKE_HEAD, name_from(c->arena, dir),
               SAMPLE_LAKE_LAYERS);
    buf_printf(&text, "store: %s     # tables are below it, at <layer>/<table>/\n",
               place != NULL ? quoted(c->arena, place) : "data");
    if (ledger_place != NULL)
        buf_printf(&text, "ledger: %s\n", quoted(c->arena, ledger_place));
    buf_add(&text, SAMPLE_LAKE_TAIL);
    return text.text;
}

static status write_sample(const command *c, const char *dir, error *err) {
    TRY(check_free(c, dir, err));
    TRY(dir_make(dir, err));
    for (size_t i = 0; i < SAMPLE_FILE_COUNT; i++)
        TRY(write_file(c, dir, SAMPLE_FILES[i].path, SAMPLE_FILES[i].text, err));
    TRY(write_gitignore(c, dir, err));
    return write_file(c, dir, "lake.yaml", lake_text(c, dir), err);
}

static status make_lake(session *s, error *err) {
    identity_state state = IDENTITY_FRESH;
    const char *id = NULL;
    TRY(identity_look(s->lake, s->arena, &state, &id, err));
    if (state == IDENTITY_WHOLE) {
        error_set(err, E_EXISTS, "\"%s\" is a lake already", s->lake->dir);
        error_hint(err, "`weir status` tells how it stands.");
        return E_EXISTS;
    }
    TRY(dir_make(s->lake->land, err));
    TRY(identity_create(s->lake, s->command->clock, &s->ledger, err));
    return identity_layers(s->lake, s->ledger, true, err);
}

static void tell(const command *c, const session *s, const char *dir, bool is_sample) {
    output *o = c->out;
    if (o->format != OUTPUT_TABLE) {
        JSON_AUTO document = document_new();
        json_object_set_new(document, "lake", output_string(s->lake->name));
        json_object_set_new(document, "dir", output_string(s->lake->dir));
        output_json(o, document);
        return;
    }
    const char *where = str_eq(dir, ".") ? "" : arena_printf(c->arena, "-C %s ", dir);
    output_say(o, "lake \"%s\" is ready. Next:", s->lake->name);
    output_say(o, "  weir %srun", where);
    output_say(o, "  weir %sstatus", where);
    if (is_sample)
        output_say(o, "  weir %squery 'FROM silver.weather_day'", where);
    output_say(o, "  weir %sgraph", where);
}

/* The lake is opened by its folder, whatever -C said. */
static status open_made(command *c, const char *dir, bool is_sample, error *err) {
    option_values options = *c->options;
    options.values[OPTION_DIR] = (strings){0};
    vec_push(c->arena, &options.values[OPTION_DIR], dir);
    command inner = *c;
    inner.options = &options;
    session s = {0};
    status result = session_open(&inner, SESSION_DEFINITION, &s, err);
    if (result == OK)
        result = make_lake(&s, err);
    if (result == OK)
        tell(c, &s, dir, is_sample);
    session_close(&s);
    return result;
}

static void tell_dry(const command *c, const char *dir, bool is_sample) {
    for (size_t i = 0; is_sample && i < SAMPLE_FILE_COUNT; i++)
        output_say(c->out, "would write %s", path_join(c->arena, dir, SAMPLE_FILES[i].path));
    if (is_sample)
        output_say(c->out, "would write %s", path_join(c->arena, dir, "lake.yaml"));
    output_say(c->out, "would make the ledger and the store");
}

/* Places are said in one file only. */
static status check_places(const command *c, const char *dir, bool is_sample, error *err) {
    bool given = option_given(c->options, OPTION_STORE) || option_given(c->options, OPTION_LEDGER);
    if (is_sample || !given)
        return OK;
    error_set(err, E_USAGE, "\"%s\" is there already, and says where the lake is kept",
              path_join(c->arena, dir, "lake.yaml"));
    error_hint(err, "Write `store` and `ledger` there, and run `weir init` without them.");
    return E_USAGE;
}

status verb_init(command *c, error *err) {
    const char *dir = find_dir(c);
    bool is_sample = !file_exists(path_join(c->arena, dir, "lake.yaml"));
    TRY(check_places(c, dir, is_sample, err));
    if (option_given(c->options, OPTION_DRY_RUN)) {
        if (is_sample)
            TRY(check_free(c, dir, err));
        tell_dry(c, dir, is_sample);
        return OK;
    }
    if (is_sample)
        TRY(write_sample(c, dir, err));
    return open_made(c, dir, is_sample, err);
}
